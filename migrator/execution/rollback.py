"""Take back what an unfinished run has written: from its journal, chunk by chunk, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from migrator.errors import MigratorError
from migrator.execution.interrupts import deferred_interrupts
from migrator.execution.new_children import children_created_since, older_sessions
from migrator.execution.opencode_2 import opencode_2_edits
from migrator.execution.project_edits import Side, inverted_updates, write_updates
from migrator.execution.run_files import DatabaseChanged, JournalChanged, RunFiles
from migrator.execution.value_edits import (
    applied,
    deleted_in_opencode_2,
    detachments,
    inverted_edits,
    stage,
    still_applicable,
)
from migrator.model import LOST_ITS_END, PlanWarning, RunStatus
from migrator.store.staging import Staging
from migrator.text import count, our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from migrator.execution.journal import Journal
    from migrator.execution.journal_rows import ProjectEdit, RunEntry
    from migrator.model import Change, Merge, ProjectChange, Session
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


@dataclass
class Written:
    """What it takes to take a run back, held in memory: its journal may be gone when this is needed.

    `chunks` are the changes and the edits of each chunk, the newest first; some may never have been committed.
    `is_older` is as `older_sessions` returns it. `merge` is what a merge brings or takes out; `journal` is the file
    that keeps the rows that it took out.
    """

    entry: RunEntry
    chunks: list[tuple[Sequence[Change], Sequence[Edit]]]
    projects: Sequence[ProjectEdit]
    updates: Sequence[ProjectChange]
    is_older: Callable[[Session], bool]
    merge: Merge | None
    journal: Path

    @classmethod
    def read(cls, journal: Journal) -> Self:
        """Read it from a journal."""
        chunks: list[tuple[Sequence[Change], Sequence[Edit]]]
        chunks = [(journal.changes(first, last), journal.edits(number)) for number, first, last in journal.chunks()]
        older, merge = older_sessions(journal), journal.merge
        return cls(journal.entry, chunks, journal.projects(), journal.updates(), older, merge, journal.path)


def roll_back(
    writer: Writer, journal: Journal, taking_back: Callable[[Writer, Written], int] | None = None
) -> tuple[int, tuple[PlanWarning, ...]]:
    """Take a run back that isn't going on, and mark it as rolled back; return the number of sessions, and warnings.

    `taking_back` does it, if not as the moves of sessions are taken back.
    """
    files = RunFiles(writer, journal)
    with deferred_interrupts():
        written = Written.read(journal)
        unrecorded = [] if taking_back else _moved_unrecorded(writer, journal)
        if unrecorded:
            written.chunks.insert(0, (unrecorded, ()))
        files.check()
        journal.mark(RunStatus.ROLLING_BACK)
        try:
            sessions = (taking_back or take_back)(writer, written)
        except MigratorError as error:
            goes_on = f"Run {written.entry.id} is still unfinished; `{our_command('undo', written.entry.id)}` goes on."
            error.args = (f"{error} {goes_on}",)
            raise
        try:
            files.check()
        except MigratorError as changed:
            raise type(changed)(f"{changed} {close_taken_back(journal, changed)}") from None
        journal.mark(RunStatus.ROLLED_BACK)
    return sessions, _warn_of_unrecorded(unrecorded)


def _moved_unrecorded(store: Store, journal: Journal) -> list[Change]:
    """Return the changes that the rows have and the journal has no chunk of.

    A chunk is recorded before it is written. So the journal has lost its end, as one has that was copied without its
    `-wal`, or something else has moved these sessions to the same place.
    """
    rest = journal.changes(1 + max((last for _, _, last in journal.chunks()), default=0))
    now = store.bindings(change.session for change in rest if change.moves)
    return [change for change in rest if change.session in now and now[change.session][0] == change.after]


def _warn_of_unrecorded(unrecorded: Sequence[Change]) -> tuple[PlanWarning, ...]:
    if not unrecorded:
        return ()
    what = count(len(unrecorded), "session")
    warning = (
        f"The journal does not say that the run had moved {what} which were at their destination: it has lost its end, "
        "or something else moved them there. They were moved back too; where their file undo was detached, it stays so."
    )
    return (PlanWarning(LOST_ITS_END, warning),)


def close_taken_back(journal: Journal, cause: BaseException | None) -> str:
    """Record in the journal that everything was taken back, because of `cause`; return a sentence for people.

    If the database was replaced, a copy of it from in between may have part of the run, so that is left to be seen.
    """
    if isinstance(cause, DatabaseChanged):
        return (
            "What the run had written to the previous file was taken back; "
            f"`{our_command('undo', journal.entry.id)}` checks whether any of it is left."
        )
    if journal.mark_rolled_back(is_whole=not isinstance(cause, JournalChanged)):
        return "Everything was rolled back."
    return (
        "Everything was rolled back, but that can't be recorded now: once the journal can be written to, "
        f"`{our_command('undo', journal.entry.id)}` records it."
    )


def take_back(writer: Writer, run: Written) -> int:
    """Take back every chunk that was committed; return the number of sessions.

    Ctrl-C waits until this is done; after a kill it can be started again. opencode may have been used since the kill:
    what is newer than the run is kept, with its file undo detached, and new children go back with their trees.
    """
    with deferred_interrupts(), writer.without_foreign_keys(), writer.with_short_log():
        written = [(chunk, edits) for chunk, edits in run.chunks if chunk_side(writer, chunk, edits) is Side.AFTER]
        for chunk, edits in written:
            _take_back_chunk(writer, chunk, edits, announce=run.entry.announces)
        _move_new_children(writer, run)
        with writer.transaction():
            take_back_projects(writer, run.projects)
            write_updates(writer, inverted_updates(writer, run.updates)[0])
    return sum(len(chunk) for chunk, _ in written)


def take_back_projects(writer: Writer, projects: Iterable[ProjectEdit]) -> None:
    """Delete the project rows that a run made, unless something refers to them, and make again those it deleted."""
    for project in projects:
        undo = writer.unregister if project.register else writer.register
        undo(project.change, project.registered)


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
        for_opencode_2 = opencode_2_edits(staging, 1, last, restores=restores, restored=restored, announce=announce)
        staging.rebind(1, last)
        writer.edit(restores)  # compare-and-set: what was changed since stays as it is
        writer.edit(detachments(staging, 1, last, applied(writer, restores)) + for_opencode_2)


def _reversed(change: Change) -> Change:
    return change._replace(before=change.after, after=change.before)


def _move_new_children(writer: Writer, run: Written) -> None:
    """Move the children that were created since the run began back with their trees."""
    done = {change.session: change for chunk, _ in run.chunks for change in chunk}
    children, _ = children_created_since(writer, done, run.is_older)
    if children:
        last = len(children)
        with writer.transaction():
            staging = stage(writer, children)
            staging.rebind(1, last)
            for_opencode_2 = opencode_2_edits(staging, 1, last, announce=run.entry.announces)
            writer.edit(detachments(staging, 1, last) + for_opencode_2)
