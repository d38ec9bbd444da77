"""Taking back what an unfinished run has written, from its journal, chunk by chunk, newest first."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.interrupts import deferred_interrupts
from migrator.execution.new_children import children_created_since
from migrator.execution.opencode_2 import companion_edits
from migrator.execution.project_edits import inverted_updates, write_updates
from migrator.execution.value_edits import (
    applied,
    deleted_in_opencode_2,
    detachments,
    inverted_edits,
    stage,
    still_applicable,
    value_key,
)
from migrator.model import RunStatus
from migrator.state_dir import now_ms
from migrator.store.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Change
    from migrator.store.reader import Store
    from migrator.store.writer import Edit, Writer


class Side(Enum):
    """On which side of its commit a chunk is."""

    BEFORE = "before"
    AFTER = "after"


def side_of(store: Store, chunk: Sequence[Change], edits: Sequence[Edit]) -> Side:
    """Tell from the rows whether a chunk committed; sessions that were deleted since don't count.

    Where nothing moves, its `edits` tell. Raises MigratorError, naming them, where rows are on neither side.
    """
    if not any(change.moves for change in chunk):
        return Side.BEFORE if applied(store, inverted_edits(edits)) else Side.AFTER
    now = store.bindings(change.session for change in chunk)
    seen = {id_: binding for id_, (binding, _) in now.items()}
    deleted = deleted_in_opencode_2(store, edits)
    present = [change for change in chunk if change.session in seen and change.session not in deleted]
    if all(seen[change.session] == change.after for change in present):
        return Side.AFTER
    if all(seen[change.session] == change.before for change in present):
        return Side.BEFORE
    strangers = [c.session for c in present if seen[c.session] not in {c.before, c.after}] or [present[0].session]
    raise MigratorError(
        f"Something else has moved {', '.join(strangers[:5])} since the run was cut off; "
        "put them back where the run had them, or leave the run as it is.",
    )


def roll_back(writer: Writer, journal: Journal) -> int:
    """Take back every chunk that committed and mark the run as rolled back; return the number of sessions.

    Ctrl-C waits until this is through; after a kill it can be started again. Since a kill opencode may have been used:
    what is newer than the run is kept, its file undo detached, and new children go back with their trees.
    """
    with deferred_interrupts():
        chunks = [(number, journal.changes(first, last)) for number, first, last in journal.chunks()]
        written = [(n, chunk) for n, chunk in chunks if side_of(writer, chunk, journal.edits(n)) is Side.AFTER]
        journal.mark(RunStatus.ROLLING_BACK)
        with writer.without_foreign_keys():
            for number, chunk in written:
                _invert(writer, chunk, journal.edits(number), announce=journal.announces)
            _fetch_born(writer, {change.session: change for _, chunk in chunks for change in chunk}, journal)
            with writer.transaction():
                for project in journal.projects():
                    undo = writer.unregister if project.register else writer.register
                    undo(project.change, project.registered)
                write_updates(writer, inverted_updates(writer, journal.updates())[0])
        journal.mark(RunStatus.ROLLED_BACK)
    return sum(len(chunk) for _, chunk in written)


def _invert(writer: Writer, chunk: Sequence[Change], edits: Sequence[Edit], *, announce: bool) -> None:
    with writer.transaction():
        now = writer.bindings(change.session for change in chunk)
        there = [change for change in chunk if change.session in now]
        # Coming back loses as much ground as going did: leaving a workspace counts, for what arose outside it, too.
        back = Staging(writer, map(_reversed, there), lambda change: _reversed(change).invalidates_file_undo)
        wanted = still_applicable(writer, inverted_edits(edits))
        returning = frozenset(change.session for change in chunk)
        along = companion_edits(
            back, 1, len(there), restores=wanted, returning=returning, announce=announce, now=now_ms()
        )
        back.rebind(1, len(there))
        writer.edit(wanted)  # compare-and-set: what was changed since stays as it is
        settled = {value_key(edit) for edit in applied(writer, wanted)}
        writer.edit(detachments(back, 1, len(there), settled) + along)


def _reversed(change: Change) -> Change:
    return change._replace(before=change.after, after=change.before)


def _fetch_born(writer: Writer, done: Mapping[str, Change], journal: Journal) -> None:
    born, _ = children_created_since(writer, done, journal.entry.started)
    if born:
        with writer.transaction():
            staging = stage(writer, born)
            along = companion_edits(staging, 1, len(born), announce=journal.announces, now=now_ms())
            staging.rebind(1, len(born))
            writer.edit(detachments(staging, 1, len(born)) + along)
