"""`log`: the runs so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import NoSuchRun
from migrator.execution.run_log import open_run, run_entries, undone_by
from migrator.model import LoggedRun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from migrator.execution.journal_rows import RunEntry


def list_runs(only: Path | None = None) -> list[LoggedRun]:
    """Return the runs so far, newest first; with `only`, those on this database. Raises UnreadableRuns."""
    return logged(run_entries(str(only) if only else None))


def logged(runs: Sequence[RunEntry]) -> list[LoggedRun]:
    """Return these runs, given oldest first, newest first, with what became of each."""
    by = undone_by(runs)
    return [
        LoggedRun(run.id, run.status, run.started, run.sessions, run.command, run.store, run.undoes, by.get(run.id))
        for run in reversed(runs)
    ]


def find_run(run: str, only: Path | None = None) -> RunEntry:
    """Return the run with this id, or with the only id that starts so.

    Raises NoSuchRun if there is none, or if it was made on another database than `only`.
    """
    with open_run(run, str(only) if only else None) as journal:
        entry = journal.entry
    if only is not None and entry.store != str(only):
        raise NoSuchRun(f"Run {entry.id} was made on {entry.store}, not on {only}; take it back or resume it there.")
    return entry
