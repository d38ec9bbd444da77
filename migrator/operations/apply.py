"""`apply`: a plan is carried out on the database that has the rows that it names."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.status import is_gone
from migrator.errors import CantTell, MigratorError, StalePlan
from migrator.execution import runs
from migrator.execution.interrupts import deferred_interrupts
from migrator.execution.journal_rows import Job
from migrator.execution.traces import following, may_be_unfinished, refuse_while_unfinished, renamed_with
from migrator.model import CUT_OFF, PlanWarning, Run, RunStatus
from migrator.operations.context import places_of
from migrator.planning.recheck import recheck
from migrator.progress import doing
from migrator.store.location import databases_beside, default_database, is_same_file
from migrator.store.reader import Store
from migrator.store.untouched import look_into
from migrator.store.writer import Writer
from migrator.text import count, our_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.arguments import WriteRequest
    from migrator.choices import OnConflict
    from migrator.model import Plan
    from migrator.places import Places


def apply_plan(plan: Plan, path: Path, write: WriteRequest) -> Run:
    """Carry out a plan under the exclusive lock. Raises StalePlan if rows changed since it was made, DatabaseInUse.

    The database may be at another path than the one for which the plan was made. Raises MigratorError if it has nothing
    that the plan is about.
    """
    if not plan.writes:
        return Run(None, RunStatus.UNCHANGED)
    with open_writer(path, write) as (writer, request):
        _check_is_here(writer, plan)
        places = places_of(writer)
        if plan.merge is not None:
            from migrator.operations.merge import carry_out_merge

            return carry_out_merge(writer, plan_on(plan, path), places, request)
        return runs.apply(writer, _as_of_now(writer, plan, places), request, places, made_on=plan.store)


def compare_plan(plan: Plan, path: Path, on_conflict: OnConflict | None) -> Plan:
    """Return what `apply_plan` would carry out now, with a warning for each session that it would skip.

    Nothing is written or locked. Raises what it would raise before it writes, StalePlan above all. With None for
    `on_conflict` the rows aren't compared with the plan: the run does it.
    """
    if not plan.writes or on_conflict is None:
        return plan_on(plan, path)
    with Store(path) as store:
        _check_is_here(store, plan)
        places = places_of(store)
        if plan.merge is not None:
            from migrator.operations.merge import compare_merge

            return compare_merge(store, plan_on(plan, path), places, on_conflict)
        return runs.compared(store, Job(_as_of_now(store, plan, places), made_on=plan.store), on_conflict)


def refuse_if_cut_off(path: Path) -> None:
    """Raise MigratorError if no plan can be applied to the database now, since a run on it was cut off."""
    if may_be_unfinished(path):  # mostly not, and opening a database looks at all of its sessions
        with Store(path) as store:
            refuse_while_unfinished(store)


def warned_of_cut_off(plan: Plan) -> Plan:
    """Return a new plan with a warning if it can't be applied yet, since a run on its database was cut off."""
    try:
        refuse_if_cut_off(Path(plan.store))
    except MigratorError as error:
        warning = PlanWarning(CUT_OFF, f"This can't be applied yet. {error}")
        return replace(plan, warnings=(warning, *plan.warnings))
    return plan


def find_database(plan: Plan, file: str) -> Path:
    """Return the database to which the plan in `file` is applied if none is named.

    That is the one at the path for which it was made; if that is gone or has nothing of the plan, the one that opencode
    would open. Raises MigratorError, which names the command that goes on, if that has nothing of it either.
    """
    default = default_database()
    known = [Path(os.path.realpath(plan.store)), *([default] if default else [])]
    if not plan.writes:
        return known[0]
    for path in known:
        if not is_gone(path) and _has_rows(path, plan):
            return path
    lost = "is gone" if is_gone(known[0]) else "has nothing of it"
    for beside in dict.fromkeys(beside for path in known for beside in _beside(path)):
        if _may_have_rows(beside, plan):
            command = our_command("apply", file, db=beside)
            raise MigratorError(
                f"The plan was made for {plan.store}, which {lost}; its rows are in {beside}: `{command}`.",
            )
    if not is_gone(known[0]):
        return known[0]  # where they were deleted, as applying the plan will say
    raise MigratorError(
        f"The plan was made for {plan.store}, which {lost}; if that was moved, name it with --db FILE.",
    )


def plan_on(plan: Plan, path: Path) -> Plan:
    """Return a plan as it is applied to the database at `path`, with a warning if it was made for another path."""
    if is_same_file(plan.store, path):
        return replace(plan, store=str(path))
    gone = ", which is gone" if is_gone(plan.store) else ""
    warning = PlanWarning("other-database", f"The plan was made for {plan.store}{gone}; this is {path}.")
    return replace(plan, store=str(path), warnings=(*plan.warnings, warning))


def _check_is_here(store: Store, plan: Plan) -> None:
    """Raise MigratorError if a plan is about another database: of another opencode, or with nothing of the plan."""
    if store.schema.dialect != plan.dialect:
        raise MigratorError(
            f"The plan is for a {plan.dialect} database, and {store.path} is {store.schema.dialect} now."
        )
    if not is_same_file(plan.store, store.path) and not _is_about(store, plan):
        what = f"None of its {count(len(plan.changes), 'session')}" if plan.changes else "No project row of it"
        why = f"{what} is in {store.path}" if plan.merge is None else f"Its sessions come from {store.path}"
        raise MigratorError(f"The plan was made for {plan.store}. {why}; apply it without --db, or plan again.")


def _as_of_now(store: Store, plan: Plan, places: Places) -> Plan:
    """Return a plan as it is to be applied. Raises StalePlan if a destination isn't what the plan says any more."""
    try:
        return recheck(plan_on(plan, store.path), store, places)
    except StalePlan as error:
        if (folder := renamed_with(store, plan.store)) is None:
            raise
        moved = f"{folder[0]} is {folder[1]} now: `{following(store, folder)}` lets the sessions follow"
        raise StalePlan(f"{str(error).rstrip('.')}. {moved}.", error.rows) from error


def _has_rows(path: Path, plan: Plan) -> bool:
    with Store(path) as store:
        return _is_about(store, plan)


def _beside(path: Path) -> list[Path]:
    try:
        return databases_beside(path)
    except CantTell:
        return []


def _may_have_rows(path: Path, plan: Plan) -> bool:
    """Tell whether a database that nobody has named has rows of a plan, as far as it can be looked at."""
    try:
        return look_into(path, lambda store: _is_about(store, plan))
    except MigratorError:
        return False


def _is_about(store: Store, plan: Plan) -> bool:
    """Tell whether a plan is about sessions of a database or, if it is about none, about its projects.

    Sessions that come from another one can come into any but that.
    """
    if plan.merge is not None:
        return not is_same_file(plan.merge.other, store.path)
    if plan.changes:
        return bool(store.existing(change.session for change in plan.changes))
    return bool(store.project_rows([update.id for update in plan.updates]))


@contextmanager
def open_writer(path: Path, write: WriteRequest) -> Iterator[tuple[Writer, WriteRequest]]:
    """Open the database for writing, back it up if that was asked for, and yield it with the request for the run.

    Interrupts are deferred to the moments at which the `progress` of that request is called.
    """
    with (
        deferred_interrupts(write.progress) as progress,
        Writer(path, write.wait, lambda: progress(0), trust_locks=write.trust_locks) as writer,
    ):
        if write.backup is not None:
            writer.back_up(write.backup, lambda: progress(0))
        with doing("Preparing"):
            yield writer, replace(write, progress=progress)
