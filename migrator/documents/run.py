"""The outcome of a run as JSON, `opencode-migrator/run@1`, written and read; and the rows of the log."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from msgspec import convert, to_builtins

from migrator.documents.plan import change_documents, project_document, read_warning, warning_document
from migrator.documents.types import (
    LOG,
    RUN,
    LoggedRunDocument,
    RunDocument,
    RunRecordDocument,
    TurnRecordDocument,
    read,
)
from migrator.model import LoggedRun, Run, RunRecord, RunStatus

_LOG_KEYS = {"id": "run", "undone_by": "undoneBy", "cut_off": "cutOff", "sources": "from", "destinations": "to",
             "taken_out": "takenOut"}  # fmt: skip
"""The keys of a row of the log, by the fields of a LoggedRun; the others are called the same."""


def run_document(run: Run) -> dict[str, Any]:
    """Return the outcome of a run as a JSON object; keys may be added to it, never renamed."""
    document: dict[str, Any] = to_builtins(
        RunDocument(
            format=RUN,
            run=run.id,
            status=run.status.value,  # type: ignore[arg-type]  # a run with an outcome has ended
            sessions=run.sessions,
            projects=run.projects,
            chunks=run.chunks,
            verified=run.verified,
            conflicts=[*run.conflicts],
            warnings=[*map(warning_document, run.warnings)],
            moved=run.moved,
            mended=run.mended,
            undoes=run.undoes,
            redoes=run.redoes,
            removal=run.removal,
            undo=f"opencode-migrator undo {run.id}" if run.status is RunStatus.APPLIED else None,
        )
    )
    return document


def read_run(document: Any) -> Run:
    """Return the run that `run_document` wrote. Raises MigratorError if it is anything else."""
    run = read(document, RunDocument, "The answer", "is it a server of opencode-migrator?")
    return Run(
        run.run, RunStatus(run.status), run.sessions, run.chunks, run.verified, tuple(run.conflicts),
        tuple(map(read_warning, run.warnings)), run.undoes, run.projects, run.moved, run.mended, run.redoes,
        removal=run.removal,
    )  # fmt: skip


def log_row(run: LoggedRun) -> dict[str, Any]:
    """Return a run of the log as a JSON object; times in milliseconds."""
    row: dict[str, Any] = to_builtins(LoggedRunDocument(**_row(run)))
    return row


def read_log_row(row: dict[str, Any]) -> LoggedRun:
    """Return the run that `log_row` wrote; earlier versions had fewer keys."""
    return convert(row | {field: row[key] for field, key in _LOG_KEYS.items() if key in row}, LoggedRun)


def run_record_document(record: RunRecord) -> dict[str, Any]:
    """Return a run in full as a JSON object; keys may be added to it, never renamed."""
    document: dict[str, Any] = to_builtins(
        RunRecordDocument(
            format=LOG,
            **_row(record.run),
            chunks=record.chunks,
            verified=record.verified,
            backup=record.backup,
            changes=change_documents(record.plan.changes),
            projects=[*map(project_document, record.plan.projects)],
            removed=[*map(project_document, record.taken_out)],
            turns=[
                TurnRecordDocument(turn.session, turn.turn, turn.outcome, turn.opencode, [*turn.files])
                for turn in record.turns
            ],
            next=[command for _, command in record.next],
        )
    )
    return document


def _row(run: LoggedRun) -> dict[str, Any]:
    return {{"id": "run"}.get(name, name): value for name, value in asdict(run).items()}
