"""Take back what an unfinished merge has written, chunk by chunk, the newest first."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.conflicts import SHOWN
from migrator.execution.interrupts import deferred_interrupts
from migrator.execution.merge.companions import bring_files, take_out_files
from migrator.execution.merge.conflicts import changed_here
from migrator.execution.rollback import Written, take_back_projects
from migrator.execution.value_edits import inverted_edits
from migrator.model import USED_SINCE, FileUndo, PlanWarning
from migrator.store import merging
from migrator.store.connection import file_uri
from migrator.store.instructions import INSTRUCTIONS, edit_instructions
from migrator.store.sql import WHOLE
from migrator.store.staging import Staging
from migrator.text import agree, count, first_few, our_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Change, Merge
    from migrator.store.reader import Store
    from migrator.store.writer import Edit, Writer


def stage_merge(store: Store, changes: Iterable[Change], merge: Merge, first: int = 1) -> Staging:
    """Stage the changes of a merge, numbered from `first` on."""
    staging = Staging(store, changes, lambda change: change.undo is FileUndo.DETACH and not merge.taken_out, first)
    merging.mark_continued(staging, merge.continued)
    return staging


def is_written(store: Store, chunk: Sequence[Change], edits: Sequence[Edit], merge: Merge) -> bool:
    """Tell from the rows whether a chunk of a merge was committed: whether its sessions are there, or gone.

    If all of its sessions were here before, the messages and parts that the run added or completed tell. opencode may
    have changed or removed some of them since. So a row that is there tells most, then one that is as it was before or
    after the run, and a row that is missing the least.
    """
    continued = merge.continued
    whole = [change.session for change in chunk if change.session not in continued]
    if whole:
        are_here = bool(store.existing(whole))
        return not are_here if merge.taken_out else are_here
    telling = [edit for edit in edits if edit.column in {WHOLE, "data"} and edit.table not in {"todo", INSTRUCTIONS}]
    rows = [edit for edit in telling if edit.column == WHOLE]
    for edit in rows:
        if store.values(edit.table, WHOLE, [edit.key]):
            return edit.after is not None
    for edit in telling:
        now = store.values(edit.table, edit.column, [edit.key]).get(edit.key)
        if edit.column != WHOLE and now in {edit.before, edit.after}:
            return bool(now == edit.after)
    return all(edit.after is None for edit in rows) if rows else not telling


def used_since(store: Store, run: Written) -> dict[str, str]:
    """Map the sessions that a merge brought, and that were used since it was cut off, to what changed in each.

    What was said in them would be lost if they were taken out again.
    """
    merge = run.merge
    if merge is None or merge.taken_out:
        return {}
    merged = {session.session: session for session in merge.sessions}
    written = [(chunk, edits) for chunk, edits in run.chunks if is_written(store, chunk, edits, merge)]
    here = store.existing(change.session for chunk, _ in written for change in chunk)
    changes = [change for chunk, _ in written for change in chunk if change.session in here]
    edits = inverted_edits(edit for _, some in written for edit in some)
    return dict(changed_here(store, changes, merged, edits, run.is_older))


def refuse_if_used(store: Store, journal: Journal) -> None:
    """Raise MigratorError, which names them, if sessions that a merge brought were used since it was cut off."""
    run = Written.read(journal)
    if used := used_since(store, run):
        named = "; ".join(f"{id_} {what}" for id_, what in [*used.items()][:SHOWN])
        raise MigratorError(
            f"What run {run.entry.id} brought was used since it was cut off ({named}), and would be lost; "
            f"`{our_command('resume', run.entry.id)}` finishes the run instead."
        )


def warn_of_used(store: Store, journal: Journal) -> tuple[PlanWarning, ...]:
    """Return a warning that names the sessions that were used since they were to be taken out, and so stay."""
    if not (used := used_since(store, Written.read(journal))):
        return ()
    number, named = len(used), first_few([*used], SHOWN)
    were = f"{count(number, 'session')} {agree(number, 'was')} used since"
    message = f"{were}, and {agree(number, 'stays')} here with the whole tree: {named}."
    return (PlanWarning(USED_SINCE, message),)


def _without_trees_of(run: Written, merge: Merge, sessions: Collection[str]) -> tuple[Written, Merge]:
    """Return what takes back all but the trees that these sessions are in."""
    roots = {change.root for chunk, _ in run.chunks for change in chunk if change.session in sessions}
    staying = {change.session for chunk, _ in run.chunks for change in chunk if change.root in roots}
    chunks = [
        ([change for change in chunk if change.session not in staying], [e for e in edits if e.session not in staying])
        for chunk, edits in run.chunks
    ]
    files = tuple(file for file in merge.files if file.session not in staying)
    return replace(run, chunks=[(chunk, edits) for chunk, edits in chunks if chunk]), replace(merge, files=files)


def take_back_merge(merge: Merge, writer: Writer, run: Written) -> int:
    """Take back every chunk that was committed; return the number of sessions.

    Ctrl-C waits until this is done; after a kill it can be started again. Trees of which a session was used since the
    kill stay: what was said there is kept nowhere else.
    """
    if used := used_since(writer, run):
        run, merge = _without_trees_of(run, merge, used)
    with deferred_interrupts(), writer.without_foreign_keys(), writer.with_short_log():
        written = [(chunk, edits) for chunk, edits in run.chunks if is_written(writer, chunk, edits, merge)]
        journal_rows = (
            merging.attached_source(writer, file_uri(run.journal, "mode=rw")) if merge.taken_out else nullcontext()
        )
        with journal_rows:
            for chunk, edits in written:
                _take_back_chunk(writer, chunk, edits, merge)
        with writer.transaction():
            take_back_projects(writer, run.projects)
        if merge.taken_out:
            bring_files(merge.files, again=True)
        else:
            take_out_files(merge, writer)
    return sum(len(chunk) for chunk, _ in written)


def _take_back_chunk(writer: Writer, chunk: Sequence[Change], edits: Sequence[Edit], merge: Merge) -> None:
    continued = merge.continued
    with writer.transaction():
        staging = stage_merge(writer, chunk, merge)
        (merging.bring_back if merge.taken_out else merging.take_out)(staging, 1, staging.last)
        inverted = inverted_edits(reversed(edits))
        shared = [edit for edit in inverted if edit.table == INSTRUCTIONS]
        writer.edit([edit for edit in inverted if edit.session in continued and edit not in shared])
        edit_instructions(writer, shared)
