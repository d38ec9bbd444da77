"""Runs as rows: what `log` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import LoggedRun


def log_rows(runs: Iterable[LoggedRun]) -> list[dict[str, Any]]:
    """Return one JSON object per run; `started` in milliseconds."""
    return [
        {
            "run": run.id,
            "status": run.status.value,
            "started": run.started,
            "sessions": run.sessions,
            "command": run.command,
            "store": run.store,
            "undoes": run.undoes,
            "undoneBy": run.undone_by,
        }
        for run in runs
    ]
