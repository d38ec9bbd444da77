"""`undo`: a run is taken back; one that was cut off is rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution import runs
from migrator.execution.run_log import open_run, run_entries, undone_by
from migrator.model import RunStatus
from migrator.operations.apply import open_writer
from migrator.operations.log import find_run
from migrator.store.reader import Store

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.execution.journal_rows import RunEntry
    from migrator.model import Plan, Run


def find_run_to_undo(run: str | None, only: Path | None = None) -> RunEntry:
    """Return the run with this id; without one, the last that can be taken back (with `only`, of this database)."""
    if run is not None:
        return find_run(run, only)
    entries = run_entries(str(only) if only else None)
    undone = undone_by(entries)
    for entry in reversed(entries):
        if entry.unfinished or (entry.status is RunStatus.APPLIED and not entry.undoes and entry.id not in undone):
            return entry
    where = f" of {only}" if only else ""
    raise MigratorError(f"There is no run{where} to take back; `opencode-migrator log` lists the runs so far.")


def plan_undo(path: Path, run: str) -> Plan:
    """Return the plan that takes a finished run back."""
    with Store(path) as store, open_run(run, str(path)) as journal:
        return runs.inverse_job(store, journal).plan


def undo_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Take a run back; an unfinished one is rolled back."""
    with open_writer(path, write) as (writer, request), open_run(run, str(path)) as journal:
        return runs.undo(writer, journal, request)
