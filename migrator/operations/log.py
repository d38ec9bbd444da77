"""`log`: the runs so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.run_log import redone
from migrator.model import LoggedRun
from migrator.operations.run_databases import runs_located

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from migrator.operations.run_databases import LocatedRun


def list_runs(only: Path | None = None) -> list[LoggedRun]:
    """Return the runs so far, newest first; with `only`, those that this database has seen."""
    return logged(runs_located(only))


def logged(runs: Iterable[LocatedRun]) -> list[LoggedRun]:
    """Return runs, which come oldest first, as the log has them, newest first."""
    located = [*runs]
    entries = [run.entry for run in located]
    return [
        LoggedRun(
            run.id, run.status, run.started, run.sessions, run.command, run.store, run.undoes, undone_by,
            None if path is None else str(path), run.cut_off, redone(run.id, entries),
        )
        for run, path, undone_by in reversed(located)
    ]  # fmt: skip
