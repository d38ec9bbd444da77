"""The log: the runs so far, and what became of them."""

from __future__ import annotations

from migrator.execution.journal import entries, undone
from migrator.model import LoggedRun


def logged(store: str | None = None) -> list[LoggedRun]:
    """Return the runs so far, newest first; of one database only, where `store` says which."""
    runs = entries(store)
    by = undone(runs)
    return [
        LoggedRun(run.id, run.status, run.started, run.sessions, run.command, run.store, run.undoes, by.get(run.id))
        for run in reversed(runs)
    ]
