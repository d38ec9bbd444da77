"""`GET /runs`: the runs so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.server.endpoint import Endpoint, ResponseSpec, json_array
from migrator.server.parameters import limit_parameter, read_query
from migrator.server.state import app_state, in_thread, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PARAMETERS = (limit_parameter("How many runs to list at most."),)


async def runs(request: Request) -> Response:
    """Answer with the runs on this database."""
    values = read_query(request, PARAMETERS)
    path = app_state(request).access.path

    def respond() -> Response:
        from migrator.documents.run import log_row
        from migrator.operations.log import list_runs

        return json_response([log_row(run) for run in list_runs(path)[: values["limit"]]])

    return await in_thread(respond)


ENDPOINT = Endpoint(
    "get",
    "/runs",
    "runs",
    runs,
    "List the runs so far",
    "Those on this database, newest first, whoever started them.",
    ResponseSpec("The runs.", json_array("LoggedRun")),
    refusals=(422, 503),
    parameters=PARAMETERS,
)
