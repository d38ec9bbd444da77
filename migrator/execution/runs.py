"""Apply a plan, undo a run, resume a run: the three ways to start the engine."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from migrator.disk.ownership import owner_of
from migrator.disk.system import name_of_user
from migrator.errors import MigratorError
from migrator.execution import project_edits, run_log, traces
from migrator.execution.conflicts import (
    DELETED_IN_2,
    Conflicts,
    changed_sessions,
    find_conflicts,
    refuse_to_finish,
    turns_under_way,
)
from migrator.execution.disk_space import NOTHING_COPIED, DiskSpace
from migrator.execution.engine import FIRST_CHUNK, RunUnderWay, execute
from migrator.execution.file_undo import prepare_file_undo
from migrator.execution.inverse import inverse_job, warn_of_other_database
from migrator.execution.journal import Journal
from migrator.execution.journal_file import folder_of_journals
from migrator.execution.journal_rows import Job
from migrator.execution.merge import runs as merges
from migrator.execution.merge.take_back import refuse_if_used, take_back_merge, warn_of_used
from migrator.execution.new_children import older_sessions
from migrator.execution.project_edits import registrations
from migrator.execution.rollback import chunk_side, roll_back
from migrator.execution.value_edits import deleted_in_opencode_2, stage
from migrator.model import (
    AS_ROOT,
    Plan,
    PlanWarning,
    Run,
    RunStatus,
)
from migrator.progress import doing
from migrator.state_dir import is_found_by
from migrator.store.location import is_same_file
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.arguments import WriteRequest
    from migrator.choices import OnConflict
    from migrator.model import Merge
    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.staging import Staging
    from migrator.store.writer import Writer


def apply(writer: Writer, plan: Plan, write: WriteRequest, places: Places, made_on: str | None = None) -> Run:
    """Carry out a plan. Raises StalePlan, with nothing written, if it is no longer true.

    `made_on` is the path of the database for which it was made, if that is another.
    """
    job = Job(plan, projects=registrations(writer, plan), made_on=made_on)
    # A session that stays where it is may have no project row.
    with nullcontext() if any(change.moves for change in plan.changes) else writer.without_foreign_keys():
        return _run(writer, job, write, places)


def merge(writer: Writer, plan: Plan, write: WriteRequest, merging: merges.Merging) -> Run:
    """Carry out a plan that brings sessions of another database. Raises StalePlan."""
    job = Job(plan, projects=registrations(writer, plan), made_on=plan.store)
    with writer.without_foreign_keys():
        return _run(writer, job, write, merging=merging)


def take_out(writer: Writer, plan: Plan, merge: Merge, write: WriteRequest, brought_by: str | None) -> Run:
    """Take whole sessions out of a database, which the run `brought_by` has brought into another one."""
    job = Job(replace(plan, merge=merge), source=brought_by)
    with writer.without_foreign_keys():
        return _run(writer, job, write, merging=merges.Merging(merge))


def compared(store: Store, job: Job, on_conflict: OnConflict, merging: merges.Merging | None = None) -> Plan:
    """Return what a job would do now, with a warning for each session that it would skip; nothing is written.

    Raises what the run would raise before it writes: see `_compare`.
    """
    with doing("Comparing the plan with the database"):
        job, _, conflicts = _compare(store, job, on_conflict, merging)
    return replace(job.plan, warnings=(*job.plan.warnings, *conflicts.warnings()))


def compared_undo(store: Store, run: Journal, on_conflict: OnConflict) -> Plan:
    """Return the plan that takes a finished run back, as `compared` does."""
    job = inverse_job(store, run)
    return compared(store, job, on_conflict, _removing(job))


def undo(writer: Writer, run: Journal, write: WriteRequest) -> Run:
    """Take a run back: with a run of its own, or, if it is unfinished, by rolling it back."""
    if traces.entry_on(writer, run.entry).unfinished:
        warnings = warn_of_other_database(writer, run.entry)
        if run.entry.status is RunStatus.ROLLING_BACK:
            warnings += warn_of_used(writer, run)
        else:
            refuse_if_used(writer, run)
        run.go_on(writer.path)
        sessions, unrecorded = roll_back(writer, run, partial(take_back_merge, run.merge) if run.merge else None)
        return replace(run.outcome(warnings=(*warnings, *unrecorded)), sessions=sessions)
    with writer.without_foreign_keys():
        job = inverse_job(writer, run)
        return _run(writer, job, write, merging=_removing(job))


def _removing(job: Job) -> merges.Merging | None:
    """Return how an undo takes merged sessions out, or a redo brings them back; None if there are none."""
    return merges.Merging(job.plan.merge) if job.plan.merge else None


def resume(writer: Writer, run: Journal, write: WriteRequest) -> Run:
    """Finish a run that was cut off, or its rollback if that had begun."""
    entry = traces.entry_on(writer, run.entry)
    if not entry.unfinished:
        raise MigratorError(f"Run {entry.id} is finished ({entry.status}); there is nothing to resume.")
    warnings = warn_of_other_database(writer, entry)
    if entry.status is RunStatus.ROLLING_BACK:
        warnings += warn_of_used(writer, run)
        run.go_on(writer.path)
        _, unrecorded = roll_back(writer, run, partial(take_back_merge, run.merge) if run.merge else None)
        return run.outcome(warnings=(*warnings, *unrecorded))
    if run.merge is not None:
        return replace(merges.resume(writer, run, run.merge, write), warnings=warnings)
    deleted = deleted_in_opencode_2(writer, run.edits())
    first = run.forget_unwritten(lambda chunk, edits: chunk_side(writer, chunk, edits) is project_edits.Side.AFTER)
    rest = run.changes(first)
    sessions = [change.session for change in run.changes()]
    existing = writer.existing(sessions)
    gone = {id_: "was deleted" for id_ in sessions if id_ not in existing}  # in a chunk that was written, too
    # A child that had nothing to change isn't in the run, and is no newer than it.
    older = [child.id for child in filter(older_sessions(run), writer.sessions(writer.children(sessions)))]
    staging = stage(writer, rest, first)
    found = Conflicts(
        gone | dict.fromkeys(deleted, DELETED_IN_2) | changed_sessions(staging, rest, {*sessions, *older}),
        turns_under_way(writer, rest),
        project_edits.blocking_projects(writer, run.updates()),
    ).everything
    refuse_to_finish(writer, entry, found)
    run.go_on(writer.path)
    with writer.without_foreign_keys(), DiskSpace(writer, staging, run.path.parent) as space:
        space.claim(entry.chunk_size or FIRST_CHUNK)
        execute(RunUnderWay(writer, run, staging, space), write.progress)
    return replace(run.outcome(warnings=warnings), redoes=run_log.redone(traces.runs_on(writer)).get(entry.id))


def _run(
    writer: Writer,
    job: Job,
    write: WriteRequest,
    places: Places | None = None,
    merging: merges.Merging | None = None,
) -> Run:
    """Do a job in stages: check, stage, find conflicts, refuse or skip, prepare file undo, record, execute.

    Without `places` there is no file undo to prepare: an undo sets back what there was. With `merging` whole sessions
    come in or are taken out.
    """
    job, staging, conflicts = _compare(writer, job, write.on_conflict, merging)
    skipped = tuple(conflicts.sessions)
    if not job.plan.writes:
        return Run(None, RunStatus.UNCHANGED, conflicts=skipped, warnings=conflicts.warnings())
    with DiskSpace(writer, staging, folder_of_journals(job.plan.store)) as space:
        if places is not None:
            space.claim(write.chunk_size or FIRST_CHUNK)  # what is carried must leave that
            job = prepare_file_undo(writer, places, job, staging, lambda: write.progress(0))
        copied = merging.copied(writer, job) if merging else NOTHING_COPIED
        if merging is not None:
            space.claim(write.chunk_size or FIRST_CHUNK, copied=copied)
            job = merging.prepare(writer, job, lambda: write.progress(0))
        space.claim(write.chunk_size or FIRST_CHUNK, job.prepared_edits, copied)
        number = run_log.next_number(str(writer.path))
        with Journal.begin(job, staging, write, number) as run:
            with merging.source(writer, run) if merging else nullcontext():
                under_way = (merging.under_way if merging else RunUnderWay)(writer, run, staging, space)
                execute(under_way, write.progress)
            done = run.outcome(skipped, (*job.plan.warnings, *conflicts.warnings(), *_as_root(run)))
            return replace(done, redoes=job.redoes)


def _compare(
    store: Store, job: Job, on_conflict: OnConflict, merging: merges.Merging | None
) -> tuple[Job, Staging, Conflicts]:
    """Stage a job and compare it with the rows; return what of it can be done.

    Raises MigratorError if a run on this database was cut off, StalePlan for conflicts that aren't to be skipped.
    """
    traces.refuse_while_unfinished(store)
    staging = _stage(store, job, merging)
    conflicts = merging.find_conflicts(store, job) if merging else find_conflicts(staging, job)
    if conflicts.everything:
        if on_conflict == "abort":
            rest = "redoes the rest" if job.redoes else "takes back the rest"
            advice = f"--on-conflict skip {rest}" if job.undoes else "plan again"
            raise conflicts.error(advice, _other_database(store, job))
        job = _without_conflicts(job, conflicts)
        staging = _stage(store, job, merging)
    return job, staging, conflicts


def _stage(store: Store, job: Job, merging: merges.Merging | None) -> Staging:
    return merging.stage(store, job) if merging else stage(store, job.plan.changes)


def _as_root(run: Journal) -> Iterator[PlanWarning]:
    """Yield where the journal is, if root made it for somebody else."""
    if (owner := owner_of(run.entry.store)) is None:
        return
    them = name_of_user(owner.user)
    if is_found_by(owner) and run.path.stat().st_uid == owner.user:
        what = f"so does the journal {run.path}, which {them} finds unless their XDG_STATE_HOME leads elsewhere"
    else:
        command = our_command("undo", run.entry.id, db=run.entry.store)
        what = f"where {them} may not find the journal {run.path}; root takes the run back with `{command}`"
    yield PlanWarning(AS_ROOT, f"This was done as root, and the database belongs to {them}; {what}.")


def _without_conflicts(job: Job, conflicts: Conflicts) -> Job:
    """Return the job without the project rows that are in conflict, and without the whole tree of each session."""
    plan, sessions = job.plan, conflicts.sessions
    trees = {change.root for change in plan.changes if change.session in sessions}
    changes = tuple(change for change in plan.changes if change.root not in trees)
    projects = tuple(project for project in plan.projects if project.id not in conflicts.projects)
    remaining = {change.session for change in changes}
    return replace(
        job,
        plan=replace(plan, changes=changes, projects=projects),
        prepared_edits=tuple(edit for edit in job.prepared_edits if edit.session in remaining),
        partial=bool(sessions),
    )


def _other_database(store: Store, job: Job) -> str | None:
    """Return in words that a job is about a database at another path; None if it is about this one."""
    if job.made_on is None or is_same_file(job.made_on, store.path):
        return None
    if job.undoes:
        return f"{store.path} is not as run {job.undoes}, which was made on {job.made_on}, left it"
    return f"{store.path} is not as the plan, which was made for {job.made_on}, says"
