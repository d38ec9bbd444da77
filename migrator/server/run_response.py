"""Carry out a run for a client: one response at its end, or events while it goes on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, get_args

from starlette.responses import StreamingResponse

from migrator.choices import OnConflict
from migrator.documents.run import run_document
from migrator.server.middleware import problem_of
from migrator.server.parameters import Parameter
from migrator.server.state import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Run
    from migrator.server.jobs import Jobs, News, Work

EVENTS = "text/event-stream"
HEARTBEAT_SECONDS = 15
"""After how long without an event a comment tells the client that we are still there."""

RUN_RESPONSES = {
    "application/json": {"$ref": "#/components/schemas/Run"},
    EVENTS: {
        "type": "string",
        "description": "With `Accept: text/event-stream`. Any number of `event: progress`, whose data is "
        '`{"sessions": SO_FAR, "total": OF_HOW_MANY}`, then `event: run` with the run, or `event: problem` with the '
        "refusal. What is refused before anything is written is refused as without events.",
    },
}

WRITE_FIELDS = (
    Parameter(
        "wait",
        {"type": "number", "minimum": 0, "maximum": 3600, "default": 0},
        "Seconds to wait for other processes that have the database open.",
    ),
    Parameter(
        "chunkSize",
        {"type": "integer", "minimum": 1, "maximum": 2**31},
        "Sessions in one transaction. Default: what takes a quarter of a second.",
    ),
    Parameter(
        "trustLocks",
        {"type": "boolean", "default": False},
        "Write where locks may not keep others out: nobody else has the database open, on whatever machine.",
    ),
    Parameter(
        "onConflict",
        {"type": "string", "enum": [*get_args(OnConflict)], "default": "abort"},
        "When a session changed meanwhile: roll all back, or leave its tree out.",
    ),
)


async def run_response(request: Request, jobs: Jobs, work: Work, total: int) -> Response:
    """Do `work`, on `total` sessions, and answer with the run. Raises its errors unless the response has begun."""
    reports = jobs.start(work)
    if EVENTS not in request.headers.get("accept", ""):
        run = await _wait_for_end(reports)
        return json_response(run_document(run), headers={"x-run": run.id} if run.id else None)
    first = await reports.get()
    if first.error is not None:
        raise first.error
    return StreamingResponse(_events(first, reports, total), media_type=EVENTS, headers={"Cache-Control": "no-store"})


async def run_to_end(jobs: Jobs, work: Work) -> Run:
    """Do `work`, and return the run once it has ended."""
    return await _wait_for_end(jobs.start(work))


async def _wait_for_end(reports: asyncio.Queue[News]) -> Run:
    while True:
        report = await reports.get()
        if report.error is not None:
            raise report.error
        if report.run is not None:
            return report.run


async def _events(report: News, reports: asyncio.Queue[News], total: int) -> AsyncIterator[str]:
    sessions = 0
    while True:
        if report.run is not None:
            yield _event("run", run_document(report.run))
            return
        if report.error is not None:
            yield _event("problem", problem_of(report.error).document)
            return
        if report.sessions or not sessions:
            sessions += report.sessions
            yield _event("progress", {"sessions": sessions, "total": total})
        while True:
            try:
                report = await asyncio.wait_for(reports.get(), HEARTBEAT_SECONDS)
                break
            except TimeoutError:
                yield ": still at it\n\n"


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
