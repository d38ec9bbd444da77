"""Carry out a merge, or a run that takes merged sessions out or brings them back; finish one that was cut off."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.execution.conflicts import refuse_to_finish
from migrator.execution.disk_space import Copied, DiskSpace, room_for
from migrator.execution.engine import FIRST_CHUNK, execute
from migrator.execution.journal_rows import Job
from migrator.execution.merge.companions import changed_files, gone_files, missing_folders, outputs_here
from migrator.execution.merge.conflicts import find_merge_conflicts, new_children_there
from migrator.execution.merge.continuation import continuation_edits
from migrator.execution.merge.file_undo import carry_file_undo
from migrator.execution.merge.kept_somewhere import refuse_if_removed, refuse_unless_whole
from migrator.execution.merge.take_back import is_written, stage_merge
from migrator.execution.merge.under_way import MergeUnderWay
from migrator.execution.new_children import older_sessions
from migrator.execution.run_log import journal_of, run_entries
from migrator.execution.undone import chains
from migrator.execution.value_edits import inverted_edits
from migrator.model import REDO_OF, UNDO_OF, FileUndo, Plan
from migrator.store import merging
from migrator.store.connection import file_uri
from migrator.store.instructions import INSTRUCTIONS
from migrator.store.untouched import untouched

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from contextlib import AbstractContextManager

    from migrator.arguments import WriteRequest
    from migrator.execution.conflicts import Conflicts
    from migrator.execution.journal import Journal
    from migrator.model import Change, Merge, Run
    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.staging import Staging
    from migrator.store.untouched import UntouchedView
    from migrator.store.writer import Writer


@dataclass(frozen=True)
class Merging:
    """How to carry out a merge, or a run that takes merged sessions out or brings them back.

    `merge` is that of its plan. A merge brings rows of another database, seen in `view`. Without a view, rows come from
    the journal of the run that took them out.
    """

    merge: Merge
    view: UntouchedView | None = None
    theirs: Store | None = None
    places: Places | None = None

    def prepare(self, writer: Writer, job: Job, between_steps: Callable[[], None]) -> Job:
        """Return the job with the edits of continued sessions, and of file undo, which is carried first."""
        if self.theirs is None or self.places is None:
            return job
        continued, changes = self.merge.continued, job.plan.changes
        some = [change for change in changes if change.session in continued]
        outputs = outputs_here(self.merge, str(writer.path)) if some else {}
        edits, made = carry_file_undo(writer, self.theirs, self.places, changes, between_steps)
        edits += continuation_edits(writer, self.theirs, some, outputs)
        merge = replace(self.merge, folders=missing_folders(self.merge.files))
        return replace(job, plan=replace(job.plan, merge=merge), prepared_edits=tuple(edits), carried=tuple(made))

    def stage(self, store: Store, job: Job) -> Staging:
        """Stage the changes of a job."""
        return stage_merge(store, job.plan.changes, self.merge)

    def find_conflicts(self, store: Store, job: Job) -> Conflicts:
        """Compare both databases with what a job expects, and files: the other only if its file has changed."""
        is_as_planned = self.view is not None and signature_text(self.view) == self.merge.signature != ""
        found = find_merge_conflicts(store, None if is_as_planned else self.theirs, job, self.merge)
        if self.theirs is not None and not is_as_planned:
            for parent, what in new_children_there(self.theirs, job.plan.changes, self.merge).items():
                found.changed.setdefault(parent, what)
        if self.view is not None:
            coming = {change.session for change in job.plan.changes}
            for session, what in changed_files(f for f in self.merge.files if f.session in coming).items():
                found.changed.setdefault(session, what)
        if job.source is not None and not self.merge.taken_out:
            with self._journal_of(store, job.source):
                for session, what in merging.ids_taken(store).items():
                    found.changed.setdefault(session, what)
        return found

    def copied(self, writer: Writer, job: Job) -> Copied:
        """Return about how many bytes are copied."""
        merge = self.merge
        size = merging.conversation_bytes(self.theirs or writer, [change.session for change in job.plan.changes])
        if merge.taken_out:
            return Copied(journal=size)
        return Copied(size, files=room_for({(file.source, file.target) for file in merge.files}))

    @contextmanager
    def source(self, writer: Writer, journal: Journal) -> Iterator[None]:
        """Attach what rows come from, as long as the run goes on."""
        if self.merge.taken_out:
            yield
            return
        if self.view is None:
            with self._journal_of(writer, str(journal.source)):
                yield
            return
        assert self.view.uri is not None  # noqa: S101 - for the type checker: it is attachable
        with merging.attached_source(writer, self.view.uri):
            yield

    @staticmethod
    def _journal_of(store: Store, run: str) -> AbstractContextManager[None]:
        """Attach the journal of the run that took sessions out, and kept them."""
        return merging.attached_source(store, file_uri(journal_of(run, str(store.path)), "mode=rw"))

    def under_way(self, writer: Writer, journal: Journal, staging: Staging, space: DiskSpace) -> MergeUnderWay:
        """Return the run, which is recorded in the journal."""
        return MergeUnderWay(writer, journal, staging, space, self.view)


@contextmanager
def reopened(run: Journal, merge: Merge) -> Iterator[Merging]:
    """Open again what a run that was cut off brings rows from."""
    if merge.taken_out or run.source:
        yield Merging(merge)
        return
    with untouched(Path(merge.other), attachable=True) as view:
        yield Merging(merge, view, view.store())


def resume(writer: Writer, run: Journal, merge: Merge, write: WriteRequest) -> Run:
    """Finish a merge that was cut off. Raises StalePlan if what is still to come, or to go, has changed."""
    entry = run.entry
    first = run.forget_unwritten(lambda chunk, edits: is_written(writer, chunk, edits, merge))
    rest = run.changes(first)
    if merge.taken_out and len(chains(run_entries(str(writer.path)))[entry.id]) % 2:  # a removal, or its redo
        refuse_unless_whole(writer, merge.other, {change.session for change in rest})
    plan = Plan(str(writer.path), writer.schema.dialect, tuple(rest), announce=entry.announces, merge=merge)
    with reopened(run, merge) as how:
        job = Job(plan, tuple(inverted_edits(run.restores(first, entry.sessions))) if merge.taken_out else ())
        refuse_to_finish(writer, entry, find_merge_conflicts(writer, how.theirs, job, merge).everything)
        run.go_on(writer.path)
        staging = stage_merge(writer, rest, merge, first)
        with writer.without_foreign_keys(), DiskSpace(writer, staging, run.path.parent) as space:
            space.claim(entry.chunk_size or FIRST_CHUNK, copied=how.copied(writer, job))
            with how.source(writer, run):
                execute(how.under_way(writer, run, staging, space), write.progress)
    return run.outcome()


def signature_text(view: UntouchedView) -> str:
    """Return the signature of a view's file, as a plan keeps it.

    It is "" if the file changed so recently that a later write might go unnoticed.
    """
    return repr(view.signature.files) if view.signature.settled else ""


def inverse_job(store: Store, run: Journal, merge: Merge, redoes: str | None, taken_back: Collection[str]) -> Job:
    """Return the job that takes back a merge, or its undo, but for project rows.

    `taken_back` are sessions that were taken back already.
    """
    entry = run.entry
    changes = [change for change in run.changes() if change.session not in taken_back]
    wanted = {change.session for change in changes}
    if redoes and not merge.taken_out:
        refuse_unless_whole(store, merge.other, wanted)
    elif not merge.taken_out:
        refuse_if_removed(store, merge.other, wanted)
    continued = merge.continued
    edits = [edit for edit in run.edits() if edit.session not in taken_back]
    single = inverted_edits(
        reversed([edit for edit in edits if edit.session in continued or edit.table == INSTRUCTIONS])
    )
    warnings = gone_files(file for file in merge.files if file.session in wanted) if merge.taken_out else ()
    why = (f"{REDO_OF}{redoes}" if redoes else f"{UNDO_OF}{entry.id}",)
    plan = Plan(
        str(store.path),
        store.schema.dialect,
        tuple(_inverted(reversed(changes), why)),
        warnings=warnings,
        announce=entry.announces,
        merge=replace(merge, taken_out=not merge.taken_out),
    )
    rows = inverted_edits(edit for edit in edits if edit.session not in continued)
    source = entry.id if merge.taken_out else None
    return Job(
        plan, tuple(single), undoes=entry.id, redoes=redoes, made_on=entry.store, source=source,
        left=tuple(rows), is_older=older_sessions(run),
    )  # fmt: skip


def _inverted(changes: Iterable[Change], why: tuple[str, ...]) -> Iterator[Change]:
    for change in changes:
        yield change._replace(before=change.after, after=change.before, selected_by=why, undo=FileUndo.NONE)
