"""The files that opencode keeps of a session in its data directory, outside of the database and of snapshots.

- `storage/session_diff/ID.json`: the changes of the session as versions up to 1.15.13 show them. 1.18.34 only writes
  it, at each undo, and leaves it there when the session is deleted.
- `tool-output/tool_ID`: the whole of an output that was too long for its row (of more than 2,000 lines or 50 kB). The
  row names it by its absolute path, twice: in `state.metadata.outputPath` (`state.outputPaths` in opencode 2), and in
  the text that tells the model to read it there. opencode deletes those that were written more than a week ago.

Seen with 1.18.34; read in the code of 1.3.2 to 1.18.34.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.status import names_in
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from migrator.store.reader import Store

_DIFFS = "storage/session_diff"
_OUTPUTS = "tool-output"
_OUTPUT = re.compile(r'"((?:[^"\\]|\\.)*[/\\]tool-output(?:/|\\\\)(tool_\w+))"')
"""A whole string of JSON that is the path of an output, and its name."""


class CompanionFile(NamedTuple):
    """A file of a session; `name` is its path below the data directory, with slashes."""

    session: str
    name: str


def companion_files(store: Store, data: Path, sessions: Collection[str]) -> list[CompanionFile]:
    """Return the files of these sessions that are in the data directory `data`, by name. Raises CantTell.

    Rows are searched only if there are outputs at all; mostly they were deleted long ago.
    """
    there = names_in(data / _DIFFS)
    found = {f"{_DIFFS}/{id_}.json": id_ for id_ in sessions if f"{id_}.json" in there}
    if outputs := {name for name in names_in(data / _OUTPUTS) if name.startswith("tool_")}:
        for session, text in _naming_outputs(store, sessions):
            names = {name for _, name in _OUTPUT.findall(text)}
            found |= {f"{_OUTPUTS}/{name}": session for name in names & outputs}
    return [CompanionFile(session, name) for name, session in sorted(found.items())]


def with_outputs_in(text: str, data: Path, names: Collection[str]) -> str:
    """Return the JSON of a part with the paths of these companion files as they are in the data directory `data`."""
    for path, name in set(_OUTPUT.findall(text)):
        if f"{_OUTPUTS}/{name}" in names:
            here = json.dumps(os.fspath(data / _OUTPUTS / name), ensure_ascii=False)[1:-1]
            text = text.replace(path, here)
    return text


def _naming_outputs(store: Store, sessions: Iterable[str]) -> Iterator[tuple[str, str]]:
    wanted = array_of(sessions)
    for table in ("part",) * store.schema.has_v1 + ("session_message",) * store.schema.has_v2:
        sql = f"SELECT session_id, data FROM {table} WHERE instr(data, '{_OUTPUTS}') AND typeof(data) = 'text'"
        yield from store.rows(f"{sql} AND session_id {IN}", [wanted])
