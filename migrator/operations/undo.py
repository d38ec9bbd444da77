"""`undo`: a run is taken back; one that was cut off is rolled back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution import runs
from migrator.execution.inverse import inverse_job
from migrator.execution.run_log import open_run
from migrator.model import PlanWarning, RunStatus
from migrator.operations.apply import open_writer
from migrator.operations.run_databases import check_here, find_run, runs_located
from migrator.planning.planner import read_only_warnings
from migrator.store.reader import Store

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.choices import OnConflict
    from migrator.execution.journal_rows import RunEntry
    from migrator.model import Plan, Run
    from migrator.operations.run_databases import FoundRun


def find_run_to_undo(run: str | None, only: Path | None = None) -> FoundRun:
    """Return the run with this id; without one, the last that can be taken back (with `only`, on this database).

    Raises NoSuchRun if there is none, or if its rows are in no database that is known.
    """
    if run is not None:
        return find_run(run, only, "undo")
    for entry, _, undone_by in reversed(runs_located(only)):
        if entry.unfinished or (entry.status is RunStatus.APPLIED and not entry.undoes and undone_by is None):
            return find_run(entry.id, only, "undo")
    where = f" of {only}" if only else ""
    raise MigratorError(f"There is no run{where} to take back; `opencode-migrator log` lists the runs so far.")


def read_run(run: str) -> RunEntry:
    """Return the run with this id, whatever database it is on. Raises NoSuchRun."""
    with open_run(run) as journal:
        return journal.entry


def plan_undo(path: Path, run: str, on_conflict: OnConflict | None = "abort") -> Plan:
    """Return the plan that takes a finished run back, with a warning for each session that it would skip.

    Raises what `undo_run` would raise before it writes, StalePlan above all. With None for `on_conflict` the rows
    aren't compared with the plan: the run does it.
    """
    with Store(path) as store, open_run(run, str(path)) as journal:
        if on_conflict is None:
            plan = inverse_job(store, journal).plan
        else:
            plan = runs.compared_undo(store, journal, on_conflict)
        return replace(plan, warnings=(*read_only_warnings(store), *plan.warnings))


def undo_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Take a run back; an unfinished one is rolled back."""
    with open_writer(path, write) as (writer, request), open_run(run, str(path)) as journal:
        note = check_here(writer, journal.entry, "undo")
        done = runs.undo(writer, journal, request)
        return replace(done, warnings=(*done.warnings, PlanWarning("other-database", note))) if note else done
