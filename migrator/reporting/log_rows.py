"""Runs as rows: what `log` lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.text import local_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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


def _status(row: Mapping[str, Any]) -> str:
    if row["undoneBy"]:
        return "undone"
    return "cut off" if row["status"] in {"running", "rolling-back"} else str(row["status"])


COLUMNS: dict[str, Callable[[Any], str]] = {
    "Run": lambda row: row["run"],
    "When": lambda row: local_time(row["started"]),
    "Sessions": lambda row: f"{row['sessions']:,}",
    "Status": _status,
    "Command": lambda row: row["command"].removeprefix("opencode-migrator "),
}
