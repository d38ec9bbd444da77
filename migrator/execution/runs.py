"""The three ways to start the engine: with a plan, with the inverse of a run, with what is left of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, StalePlan
from migrator.execution import project_edits, run_log
from migrator.execution.carry_undo import carry_undo, update_alternates
from migrator.execution.conflicts import DELETED_IN_2, conflict_sentence, find_conflicts, without_trees_of
from migrator.execution.engine import execute
from migrator.execution.journal import Journal, now_ms
from migrator.execution.journal_rows import Carried, ProjectEdit
from migrator.execution.new_children import children_created_since
from migrator.execution.opencode_2 import TURN_UNDER_WAY
from migrator.execution.protect_undo import protect_undo
from migrator.execution.rollback import Side, roll_back, side_of
from migrator.execution.value_edits import deleted_in_opencode_2, inverted_edits, is_file_undo, stage
from migrator.model import Change, FileUndo, Plan, PlanWarning, ProjectAction, ProjectChange, Run, RunStatus
from migrator.places.checkout import GLOBAL
from migrator.store.opencode_2.staging import suspended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.writer import Edit, Writer


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a plan is carried out.

    `chunk_size` None lets chunks follow the time that they take; `progress` is told the number of sessions of each
    chunk that is written.
    """

    command: str = ""
    chunk_size: int | None = None
    skip_conflicts: bool = False
    progress: Callable[[int], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Job:
    """What takes a run back: a plan, the values to set back, and the project rows to take out again."""

    plan: Plan
    restores: tuple[Edit, ...]
    projects: tuple[ProjectEdit, ...]


def apply(writer: Writer, plan: Plan, options: RunOptions, places: Places) -> Run:
    """Carry out a plan; StalePlan, with nothing written, where it is no longer true."""
    now = now_ms()
    wanted = [project for project in plan.projects if project.action is ProjectAction.REGISTER]
    if plan.dialect == "v1+v2" and not writer.values("project", "id", [GLOBAL]):  # for rows of opencode 1
        wanted.append(ProjectChange(GLOBAL, "/", ProjectAction.REGISTER))
    work = Job(plan, (), tuple(ProjectEdit(project, True, now) for project in dict.fromkeys(wanted)))
    if any(change.moves for change in plan.changes):
        return _start(writer, work, options, None, places)
    with writer.restoring():  # a session that stays where it is may have no project row
        return _start(writer, work, options, None, places)


def undo(writer: Writer, run: Journal, options: RunOptions) -> Run:
    """Take a run back, which is a run of its own; an unfinished one is rolled back."""
    entry = run.entry
    _check_store(writer, run)
    if entry.unfinished:
        sessions = roll_back(writer, run)
        return replace(run.outcome(), sessions=sessions)
    check_undoable(run)
    with writer.restoring():
        return _start(writer, inverse_job(writer, run), options, entry.id)


def check_undoable(run: Journal) -> None:
    """Refuse what was taken back already or never came about."""
    entry = run.entry
    if entry.status is RunStatus.ROLLED_BACK:
        raise MigratorError(f"Run {entry.id} was rolled back when it ran; there is nothing to take back.")
    if run.is_given_up:
        raise MigratorError(
            f"Run {entry.id} can't be taken back any more: `gc --older-than` has removed the snapshots that its file "
            "undo needs. `move` takes sessions anywhere.",
        )
    if by := run_log.undone_by(run_log.run_entries()).get(entry.id):
        raise MigratorError(f"Run {entry.id} was taken back already, by {by}; `undo {by}` brings it about again.")


def inverse_job(store: Store, run: Journal) -> Job:
    """Return what takes `run` back.

    Sessions born into its trees since then go along. File undo that arose at the destination is detached on the way
    back, like on any move; what the run itself had detached is set back, byte for byte.
    """
    entry = run.entry
    back = run_log.sessions_taken_back(entry.id, run_log.run_entries())
    done = {change.session: change for change in run.changes() if change.session not in back}
    restores = tuple(inverted_edits(edit for edit in run.edits() if edit.session not in back))
    restored = {edit.session for edit in restores if is_file_undo(edit)}
    changes = [
        change._replace(
            before=change.after,
            after=change.before,
            selected_by=(f"undo of {entry.id}",),
            undo=FileUndo.CARRY if change.session in restored else FileUndo.NONE,
        )
        for change in done.values()
    ]
    born, unchanged = children_created_since(store, done, entry.started)
    updates, kept = project_edits.inverted_updates(store, run.updates())
    warnings = (*_warnings(born), *_kept_warnings(kept))
    plan = Plan(
        entry.store, store.schema.dialect, (*reversed(changes), *born), tuple(updates), warnings, tuple(unchanged),
        announce=run.announces,
    )  # fmt: skip
    projects = tuple(replace(project, register=not project.register) for project in run.projects())
    return Job(plan, restores, projects)


def resume(writer: Writer, run: Journal, options: RunOptions) -> Run:
    """Finish a run that was cut off, or its rollback if that is where it was."""
    _check_store(writer, run)
    entry = run.entry
    if not entry.unfinished:
        raise MigratorError(f"Run {entry.id} is finished ({entry.status}); there is nothing to resume.")
    if entry.status is RunStatus.ROLLING_BACK:
        roll_back(writer, run)
        return run.outcome()
    first = 1
    deleted = deleted_in_opencode_2(writer, (edit for number, *_ in run.chunks() for edit in run.edits(number)))
    for number, last, side in [
        (n, last, side_of(writer, run.changes(start, last), run.edits(n))) for n, start, last in run.chunks()
    ]:
        if side is Side.AFTER:
            first = last + 1
            break
        run.forget(number)
    rest = run.changes(first)
    everyone = [change.session for change in run.changes()]
    # A child that was right as it was isn't in the run; it is no newer than it.
    older = [child.id for child in writer.sessions(writer.children(everyone)) if child.created < entry.started]
    staging = stage(writer, rest, first)
    there = writer.parents(everyone)
    found = {id_: "was deleted" for id_ in everyone if id_ not in there}  # in a chunk that was written, too
    found |= dict.fromkeys(deleted, DELETED_IN_2)
    found |= find_conflicts(staging, Plan(entry.store, run.dialect, tuple(rest), unchanged=(*everyone, *older)))
    found |= _under_way(writer, Plan(entry.store, run.dialect, tuple(rest)))
    found |= _projects(project_edits.blocking_projects(writer, run.updates()))
    if found:
        raise StalePlan(
            f"Run {entry.id} can't be finished: {conflict_sentence(found)}; "
            f"`opencode-migrator undo {entry.id}` takes it back.",
            tuple(found),
        )
    with writer.restoring():
        execute(writer, run, staging, options.progress)
    return run.outcome()


def _start(writer: Writer, work: Job, options: RunOptions, undoes: str | None, places: Places | None = None) -> Run:
    plan = work.plan
    run_log.refuse_while_unfinished(plan.store)
    staging = stage(writer, plan.changes)
    found = find_conflicts(staging, plan, work.restores)
    if (busy := _under_way(writer, plan)) and not options.skip_conflicts:
        raise MigratorError(
            f"{conflict_sentence(busy)}, which opencode 2 goes on with when it starts, and it would find itself "
            "in another directory. Nothing was written; let it end in opencode, or leave its tree out with "
            "--on-conflict skip.",
        )
    found |= busy
    changed = project_edits.changed_projects(writer, plan.updates)
    if (found or changed) and not options.skip_conflicts:
        everything = found | _projects(changed)
        then = "--on-conflict skip takes back the rest" if undoes else "plan again"
        raise StalePlan(
            f"The database changed since: {conflict_sentence(everything)}. Nothing was written; {then}.",
            tuple(everything),
        )
    restores = [*work.restores]
    if found:
        plan = replace(plan, changes=tuple(without_trees_of(plan.changes, found)))
        staging = stage(writer, plan.changes)
        moving = {change.session for change in plan.changes}
        restores = [edit for edit in restores if edit.session in moving]
    if changed:
        plan = replace(plan, projects=tuple(project for project in plan.projects if project.id not in changed))
    skipped = [PlanWarning("skipped", f"{session} was skipped: it {what}.", session) for session, what in found.items()]
    skipped += [PlanWarning("skipped", f"Project {id_} was skipped: it {what}.") for id_, what in changed.items()]
    if not plan.writes:
        return Run(None, RunStatus.UNCHANGED, conflicts=tuple(found), warnings=tuple(skipped))
    warnings, carried = plan.warnings, list[Carried]()
    if places is not None and any(way.undo is FileUndo.CARRY or not way.moves for way in staging.ways):
        moved, left, brought = carry_undo(writer, places, plan.changes, lambda: options.progress(0), plan.relocated)
        detached, safe, mended = protect_undo(writer, places, plan.changes, lambda: options.progress(0))
        restores += moved + detached
        carried = brought + mended
        warnings += (*left, *safe)
    if places is not None and plan.relocated is not None:
        update_alternates(writer, plan.relocated)
    with Journal.begin(
        plan,
        staging,
        options.command,
        options.chunk_size,
        projects=work.projects,
        restores=restores,
        carried=carried,
        undoes=undoes,
        partial=bool(found),
    ) as run:
        execute(writer, run, staging, options.progress)
        return run.outcome(tuple(found), (*warnings, *skipped))


def _under_way(store: Store, plan: Plan) -> dict[str, str]:
    if not store.schema.has_v2:
        return {}
    moving = [change.session for change in plan.changes if change.moves]
    return dict.fromkeys(suspended(store, moving), TURN_UNDER_WAY)


def _check_store(writer: Writer, run: Journal) -> None:
    if run.entry.store != str(writer.path):
        raise MigratorError(f"Run {run.entry.id} was made on {run.entry.store}, not on {writer.path}.")


def _projects(found: dict[str, str]) -> dict[str, str]:
    """Name projects so that they are told from sessions."""
    return {f"project {id_}": what for id_, what in found.items()}


def _kept_warnings(kept: Sequence[str]) -> tuple[PlanWarning, ...]:
    return tuple(PlanWarning("changed-since", f"The {what} has changed since and stays as it is.") for what in kept)


def _warnings(born: Sequence[Change]) -> tuple[PlanWarning, ...]:
    what = "is newer than the run; it goes along with its tree"
    return tuple(PlanWarning("born-since", f"{change.session} {what}.", change.session) for change in born)
