"""`GET /runs`: the runs so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
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
    access = app_state(request).access

    def respond() -> Response:
        from migrator.documents.run import log_row
        from migrator.operations.log import logged
        from migrator.operations.run_databases import runs_located_on, runs_recorded

        try:
            with access.reading() as context:
                runs = runs_located_on(context.store)
        except MigratorError:  # in use by a run, perhaps the one that is asked for
            runs = runs_recorded(access.path)
        return json_response([log_row(run) for run in logged(runs, values["limit"])])

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
