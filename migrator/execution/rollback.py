"""Take back what an unfinished run has written: from its journal, chunk by chunk, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.interrupts import deferred_interrupts
from migrator.execution.new_children import children_created_since, older_sessions
from migrator.execution.opencode_2 import companion_edits
from migrator.execution.project_edits import Side, inverted_updates, write_updates
from migrator.execution.value_edits import (
    applied,
    deleted_in_opencode_2,
    detachments,
    inverted_edits,
    stage,
    still_applicable,
)
from migrator.model import RunStatus
from migrator.store.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Change
    from migrator.store.reader import Store
    from migrator.store.writer import Edit, Writer


def chunk_side(store: Store, chunk: Sequence[Change], edits: Sequence[Edit]) -> Side:
    """Tell from the rows whether a chunk was committed; sessions that were deleted since don't count.

    If nothing moves, its `edits` tell. Raises MigratorError, which names them, if rows are on neither side.
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
    elsewhere = [c.session for c in present if seen[c.session] not in {c.before, c.after}] or [present[0].session]
    raise MigratorError(
        f"Something else has moved {', '.join(elsewhere[:5])} since the run was cut off; "
        "put them back where the run had them, or leave the run as it is.",
    )


def roll_back(writer: Writer, journal: Journal) -> int:
    """Take back every chunk that was committed and mark the run as rolled back; return the number of sessions.

    Ctrl-C waits until this is done; after a kill it can be started again. opencode may have been used since the kill:
    what is newer than the run is kept, with its file undo detached, and new children go back with their trees.
    """
    with deferred_interrupts():
        entry = journal.entry
        chunks = [(number, journal.changes(first, last)) for number, first, last in journal.chunks()]
        written = [(n, chunk) for n, chunk in chunks if chunk_side(writer, chunk, journal.edits(n)) is Side.AFTER]
        journal.mark(RunStatus.ROLLING_BACK)
        with writer.without_foreign_keys():
            for number, chunk in written:
                _take_back_chunk(writer, chunk, journal.edits(number), announce=entry.announces)
            _move_new_children(writer, {change.session: change for _, chunk in chunks for change in chunk}, journal)
            with writer.transaction():
                for project in journal.projects():
                    undo = writer.unregister if project.register else writer.register
                    undo(project.change, project.registered)
                write_updates(writer, inverted_updates(writer, journal.updates())[0])
        journal.mark(RunStatus.ROLLED_BACK)
    return sum(len(chunk) for _, chunk in written)


def _take_back_chunk(writer: Writer, chunk: Sequence[Change], edits: Sequence[Edit], *, announce: bool) -> None:
    """Take back one chunk, but for sessions that were deleted since; `edits` are those that it made."""
    with writer.transaction():
        now = writer.bindings(change.session for change in chunk)
        existing = [change for change in chunk if change.session in now]
        last = len(existing)
        # Moving back invalidates file undo exactly when the original move did, so test the original move: if it left a
        # workspace, what arose outside that since is detached too.
        staging = Staging(writer, map(_reversed, existing), lambda change: _reversed(change).invalidates_file_undo)
        restores = still_applicable(writer, inverted_edits(edits))
        restored = frozenset(change.session for change in chunk)
        companions = companion_edits(staging, 1, last, restores=restores, restored=restored, announce=announce)
        staging.rebind(1, last)
        writer.edit(restores)  # compare-and-set: what was changed since stays as it is
        writer.edit(detachments(staging, 1, last, applied(writer, restores)) + companions)


def _reversed(change: Change) -> Change:
    return change._replace(before=change.after, after=change.before)


def _move_new_children(writer: Writer, done: Mapping[str, Change], journal: Journal) -> None:
    """Move the children that were created since the run began back with their trees."""
    children, _ = children_created_since(writer, done, older_sessions(journal))
    if children:
        last = len(children)
        with writer.transaction():
            staging = stage(writer, children)
            staging.rebind(1, last)
            companions = companion_edits(staging, 1, last, announce=journal.entry.announces)
            writer.edit(detachments(staging, 1, last) + companions)
