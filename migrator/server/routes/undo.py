"""`POST /runs/{id}/undo`: take a run back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import object_schema, read_fields
from migrator.server.run_response import RUN_RESPONSES, WRITE_FIELDS, run_response
from migrator.server.state import app_state, json_body, write_work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def undo(request: Request) -> Response:
    """Take a run back."""
    from migrator.operations.undo import read_run, undo_run

    state = app_state(request)
    values = read_fields(await json_body(request, default={}), WRITE_FIELDS)
    path = state.access.path
    entry = await run_in_threadpool(read_run, request.path_params["id"])
    work = write_work(state, values, f"POST /runs/{entry.id}/undo", lambda write: undo_run(path, entry.id, write))
    return await run_response(request, state.jobs, work, entry.sessions)


ENDPOINT = Endpoint(
    "post",
    "/runs/{id}/undo",
    "undo",
    undo,
    "Take back a run",
    "The undo is a run too, and can be taken back. A run that was cut off is rolled back.",
    ResponseSpec("How it went: run@1, or events.", RUN_RESPONSES),
    refusals=(404, 409, 422, 503),
    path_parameters={"id": "The id of the run, or the beginning of it."},
    body=object_schema(WRITE_FIELDS, "May be left out."),
    body_required=False,
)
