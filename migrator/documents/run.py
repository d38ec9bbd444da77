"""The outcome of a run as JSON, `opencode-migrator/run@1`: described by run-1.schema.json; and the rows of the log."""

from __future__ import annotations

from typing import Any

from migrator.documents.plan import warning_document
from migrator.model import LoggedRun, Run, RunStatus

FORMAT = "opencode-migrator/run@1"


def run_document(run: Run) -> dict[str, Any]:
    """Return the outcome of a run as a JSON object; keys may be added to it, never renamed."""
    return {
        "format": FORMAT,
        "run": run.id,
        "status": run.status.value,
        "sessions": run.sessions,
        "projects": run.projects,
        "chunks": run.chunks,
        "verified": run.verified,
        "conflicts": list(run.conflicts),
        "warnings": [warning_document(warning) for warning in run.warnings],
        "moved": run.moved,
        "mended": run.mended,
        "undoes": run.undoes,
        "undo": f"opencode-migrator undo {run.id}" if run.status is RunStatus.APPLIED else None,
    }


def read_run(document: dict[str, Any]) -> Run:
    """Return the run that `run_document` wrote; version 0.1.0 wrote neither `moved` nor `mended`."""
    from msgspec import convert

    return convert({"id": document["run"], **document}, Run)


def log_row(run: LoggedRun) -> dict[str, Any]:
    """Return a run of the log as a JSON object; `started` in milliseconds."""
    return {
        "run": run.id,
        "status": run.status.value,
        "started": run.started,
        "sessions": run.sessions,
        "command": run.command,
        "store": run.store,
        "undoes": run.undoes,
        "undoneBy": run.undone_by,
    }


def read_log_row(row: dict[str, Any]) -> LoggedRun:
    """Return the run that `log_row` wrote."""
    from msgspec import convert

    return convert({"id": row["run"], "undone_by": row["undoneBy"], **row}, LoggedRun)
