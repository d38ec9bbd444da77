"""Messages that tell the model a session's new directory, as opencode 2 writes them when it moves one itself.

It appends a message `location-switched`, which reaches the model as "The working directory has been changed to X."
Each message of a session has a number, and `event_sequence` holds the last one given: the next is one more, and a
message above it would keep opencode 2 from ever adding another. So we write both, and an undo takes both back only if
no message has come after. (Its source: session/projector.ts, bus.ts; a captured row.)
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError
from migrator.state_dir import now_ms
from migrator.store.opencode_2.staging import message_sequences
from migrator.store.row_json import stringify
from migrator.store.sql import WHOLE
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from migrator.model import Binding
    from migrator.store.opencode_2.staging import MessageSequence
    from migrator.store.staging import Staging

_HIGHEST = 2**53 - 1  # up to which opencode 2, a JavaScript program, can count

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def announce_locations(staging: Staging, first: int, last: int, settled: Collection[str]) -> Iterator[Edit]:
    """Yield the edits that append the message in the sessions `first` to `last`, without those that are `settled`.

    Raises MigratorError if a session's messages have no next number.
    """
    now = now_ms()
    for sequence in message_sequences(staging, first, last):
        if sequence.session not in settled:
            yield from _announcement(sequence, now)


def _announcement(sequence: MessageSequence, now: int) -> Iterator[Edit]:
    session, seq, last, before, after = sequence
    if not isinstance(last, int) or last >= _HIGHEST:
        raise MigratorError(
            f"The model can't be told of the new directory of {session}: its last message has the number {last!r}, and "
            "none comes after that. Nothing was written; `--no-announce` moves sessions without telling."
        )
    id_ = _message_id(now)
    data = {"time": {"created": now}, **_location(after), "previous": _location(before)}
    row = {
        "id": id_,
        "session_id": session,
        "type": "location-switched",
        "seq": last + 1,
        "time_created": now,
        "time_updated": now,
        "data": stringify(data),
    }
    yield Edit("session_message", WHOLE, id_, session, None, stringify(row))
    if seq is None:
        new = stringify({"aggregate_id": session, "seq": last + 1})
        yield Edit("event_sequence", WHOLE, session, session, None, new)
    else:
        yield Edit("event_sequence", "seq", session, session, seq, last + 1)


def _location(binding: Binding) -> dict[str, Any]:
    """Return a binding as opencode 2 writes it in messages, without keys for what is NULL in the row."""
    workspace = {} if binding.workspace_id is None else {"workspaceID": binding.workspace_id}
    subpath = {} if binding.path is None else {"subpath": binding.path}
    return {"location": {"directory": binding.directory, **workspace}, "projectID": binding.project_id, **subpath}


def _message_id(now: int) -> str:
    """Return an id as opencode makes them: the time in twelve hexadecimal digits, and fourteen random letters."""
    time = (now * 0x1000 + secrets.randbelow(0x1000)) & 0xFFFF_FFFF_FFFF
    return f"msg_{time:012x}{''.join(secrets.choice(_LETTERS) for _ in range(14))}"
