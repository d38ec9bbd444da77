"""The job that takes a finished run back: a plan with before and after exchanged, and the values that it sets back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution import project_edits, run_log, traces
from migrator.execution.journal_rows import Job, ProjectEdit
from migrator.execution.merge import runs as merges
from migrator.execution.new_children import children_created_since, older_sessions
from migrator.execution.run_record import turn_records, with_outcomes
from migrator.execution.undone import chains
from migrator.execution.value_edits import inverted_edits
from migrator.model import REDO_OF, UNDO_OF, FileUndo, Plan, PlanWarning, RunStatus
from migrator.text import agree, count, our_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.execution.journal import Journal
    from migrator.execution.journal_rows import RunEntry
    from migrator.store.reader import Store


def inverse_job(store: Store, run: Journal) -> Job:
    """Return the job that takes `run` back.

    Sessions created in its trees since then go along. File undo that arose at the destination is detached on the way
    back, as by any move; what the run itself had detached is set back, byte for byte. Raises MigratorError if the run
    can't be taken back any more.
    """
    entry, runs = run.entry, traces.runs_on(store)
    undone = run_log.find_undone(runs, str(store.path))
    _check_undoable(run, undone.by)
    redoes = None if entry.id in run_log.redone(runs) else entry.undoes
    taken_back = undone.sessions.get(entry.id, set())
    if run.merge is not None:
        job = merges.inverse_job(store, run, run.merge, redoes, taken_back)
    else:
        job = _inverse_moves(store, run, redoes, taken_back)
    projects = _inverse_registrations(store, run, job.plan, runs, undone.by)
    warnings = (*job.plan.warnings, *_warn_of_missing_projects(store, job.plan, projects))
    return replace(job, plan=replace(job.plan, warnings=warnings), projects=projects)


def _warn_of_missing_projects(store: Store, plan: Plan, projects: Iterable[ProjectEdit]) -> Iterator[PlanWarning]:
    """Yield to which projects sessions return though they have no row, as after somebody deleted it."""
    if plan.merge and plan.merge.taken_out:
        return
    registered = {project.change.id for project in projects if project.register}
    here = plan.merge.continued if plan.merge else ()
    arriving = Counter(change.after.project_id for change in plan.changes if change.session not in here)
    for id_ in sorted(arriving.keys() - registered - store.values("project", "id", arriving).keys()):
        number = arriving[id_]
        back = f"{count(number, 'session')} {agree(number, 'returns')} to it all the same"
        lost = f"`opencode-migrator orphans` shows {agree(number, 'it')} then"
        yield PlanWarning("no-project", f"There is no project {id_}, and {back}; {lost}.")


def _inverse_registrations(
    store: Store, run: Journal, plan: Plan, runs: Sequence[RunEntry], undone: Collection[str]
) -> tuple[ProjectEdit, ...]:
    """Return the project rows that are registered or taken out by the `plan` that takes `run` back.

    Runs are taken back in any order. So besides what `run` itself did, a row that another one has registered is put
    back where a session returns to it, and taken out where one leaves it. It stays while something is left of another
    run that has registered it. The last one that did so has made the row that is there.
    """
    links, merge = chains([*runs, run.entry]), plan.merge
    registered, kept = dict[str, ProjectEdit](), set[str]()
    for other in runs:
        if other.status is RunStatus.APPLIED and len(links[other.id]) % 2:
            with run_log.open_run(other.id, str(store.path)) as journal:
                made = {project.change.id: project for project in journal.projects() if project.register}
            registered |= made
            if other.id not in undone and links[other.id][-1] != links[run.entry.id][-1]:
                kept |= made.keys()
    arriving = set() if merge and merge.taken_out else {change.after.project_id for change in plan.changes}
    leaving = set() if merge and not merge.taken_out else {change.before.project_id for change in plan.changes}
    own = {project.change.id: project for project in run.projects()}
    back = registered.keys() & (arriving - store.values("project", "id", arriving).keys())
    back |= {id_ for id_, project in own.items() if not project.register}
    out = (registered.keys() & leaving) | own.keys()
    known = own | registered
    return (
        *(replace(own.get(id_, known[id_]), register=True) for id_ in sorted(back)),
        *(replace(known[id_], register=False) for id_ in sorted(out - back - kept)),
    )


def _inverse_moves(store: Store, run: Journal, redoes: str | None, taken_back: Collection[str]) -> Job:
    """Return the job that takes back a run that was no merge, or its undo, but for project rows.

    `taken_back` are sessions that were taken back already.
    """
    entry = run.entry
    done = {change.session: change for change in run.changes() if change.session not in taken_back}
    restores = tuple(inverted_edits(edit for edit in run.edits() if edit.session not in taken_back))
    with_file_undo = {edit.session for edit in restores if edit.column in {"data", "revert"}}
    file_undo = FileUndo.CARRY if redoes else FileUndo.SET_BACK
    changes = [
        change._replace(
            before=change.after,
            after=change.before,
            selected_by=(f"{REDO_OF}{redoes}" if redoes else f"{UNDO_OF}{entry.id}",),
            undo=file_undo if change.session in with_file_undo else FileUndo.NONE,
        )
        for change in done.values()
    ]
    if redoes:
        changes = [*with_outcomes(changes, turn_records(restores, is_back=False))]
    children, unchanged = children_created_since(store, done, older_sessions(run))
    updates, kept = project_edits.inverted_updates(store, run.updates())
    newer = "is newer than the run; it goes along with its parent"
    warnings = [*warn_of_other_database(store, entry)]
    warnings += [PlanWarning("born-since", f"{child.session} {newer}.", child.session) for child in children]
    warnings += [PlanWarning("changed-since", f"The {what} has changed since and stays as it is.") for what in kept]
    plan = Plan(
        str(store.path), store.schema.dialect, (*reversed(changes), *children), tuple(updates), tuple(warnings),
        tuple(unchanged), announce=entry.announces,
    )  # fmt: skip
    return Job(plan, restores, undoes=entry.id, redoes=redoes, made_on=entry.store)


def _check_undoable(run: Journal, undone: Mapping[str, str]) -> None:
    """Refuse to take back a run that was taken back already, was rolled back, or was given up by `gc`."""
    entry = run.entry
    if entry.status is RunStatus.ROLLED_BACK:
        raise MigratorError(f"Run {entry.id} was rolled back when it ran; there is nothing to take back.")
    if run.is_given_up:
        raise MigratorError(
            f"Run {entry.id} can't be taken back any more: `gc --older-than` has removed the snapshots that its file "
            "undo needs. `move` takes sessions anywhere.",
        )
    if (last := undone.get(entry.id)) is None:
        return
    taken_back, ways = f"Run {entry.id} was taken back already, by {last}", ["redoes it", "takes that back"]
    while last in undone:
        last = undone[last]
        taken_back += f"; that was taken back by {last}"
        ways.reverse()
    raise MigratorError(f"{taken_back}; `{our_command('undo', last)}` {ways[0]}.")


def warn_of_other_database(store: Store, run: RunEntry) -> tuple[PlanWarning, ...]:
    """Return a warning if the run was made on a database at another path."""
    where = traces.where_made(store, run)
    return (PlanWarning("other-database", where),) if where else ()
