"""`undo`: a run is taken back; one that was cut off is rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution import runs
from migrator.execution.run_log import open_run
from migrator.operations.apply import open_writer
from migrator.store.reader import Store

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.model import Plan, Run


def plan_undo(path: Path, run: str) -> Plan:
    """Return the plan that takes a finished run back."""
    with Store(path) as store, open_run(run) as journal:
        runs.check_undoable(journal)
        return runs.inverse_job(store, journal).plan


def undo_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Take a run back; an unfinished one is rolled back."""
    with open_writer(path, write) as (writer, options), open_run(run) as journal:
        return runs.undo(writer, journal, options)
