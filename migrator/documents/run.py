"""The outcome of a run as JSON, `opencode-migrator/run@1`: described by run-1.schema.json; and the rows of the log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migrator.documents.plan import warning_document
from migrator.model import LoggedRun, Run, RunStatus

FORMAT = "opencode-migrator/run@1"

_LOG_KEYS = {"id": "run", "undone_by": "undoneBy", "cut_off": "cutOff"}
"""The keys of a row of the log, by the fields of a LoggedRun; the others are called the same."""


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
    return {_LOG_KEYS.get(field, field): value for field, value in asdict(run).items()}


def read_log_row(row: dict[str, Any]) -> LoggedRun:
    """Return the run that `log_row` wrote."""
    from msgspec import convert

    return convert(row | {field: row[key] for field, key in _LOG_KEYS.items()}, LoggedRun)
