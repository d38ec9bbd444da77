"""The edits that go with a move in a database of opencode 2; in one of opencode 1 there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.location_messages import announce_locations
from migrator.places.opencode_1 import binding_of_opencode_1
from migrator.store.opencode_2.staging import queued_moves, rows_of_opencode_1
from migrator.store.sql import WHOLE
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from migrator.store.staging import Staging


def opencode_2_edits(  # noqa: PLR0913 - most of it is decided elsewhere
    staging: Staging,
    first: int,
    last: int,
    *,
    restores: Sequence[Edit] = (),
    restored: Collection[str] = (),
    announce: bool,
) -> list[Edit]:
    """Return the edits that go with moving the staged sessions `first` to `last`.

    A move that opencode 2 has queued would override ours, so it is deleted. The row that opencode 1 has of a session
    moves with it, but for the `restored` sessions, whose row `restores` set back.
    """
    if not staging.store.schema.has_v2:
        return []
    settled = {edit.key for edit in restores if edit.table == "session_inbox"}
    edits = [
        Edit("session_inbox", WHOLE, id_, session, row, None)
        for id_, session, row in queued_moves(staging, first, last)
        if id_ not in settled
    ]
    edits += _edits_of_opencode_1(staging, first, last, restored)
    if announce:
        settled = {edit.session for edit in restores if edit.table == "session_message" and edit.column == WHOLE}
        edits += announce_locations(staging, first, last, settled)
    return edits


def _edits_of_opencode_1(staging: Staging, first: int, last: int, restored: Collection[str]) -> Iterator[Edit]:
    columns = set(staging.store.columns_of("session"))
    for session, binding, target, vcs in rows_of_opencode_1(staging, first, last):
        if session in restored:
            continue
        after = binding_of_opencode_1(target, vcs)
        for column, old, new in zip(binding._fields, binding, after, strict=True):
            if old != new and column in columns:
                yield Edit("session", column, session, session, old, new)
