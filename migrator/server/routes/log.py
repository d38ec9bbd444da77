"""`GET /runs`: the runs so far; `GET /runs/{id}.html`: the report of one as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.server.endpoint import Endpoint, ResponseSpec, json_array
from migrator.server.parameters import limit_parameter, read_query
from migrator.server.report_response import report_response
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


async def run_page(request: Request) -> Response:
    """Answer with the page of a run on this database."""
    read_query(request, ())
    access, wanted = app_state(request).access, request.path_params["id"]

    def respond() -> Response:
        from migrator.operations.log import read_run_record
        from migrator.reporting.report.run import run_report

        with access.reading():
            record, _ = read_run_record(wanted, access.path)
        return report_response(run_report(record))

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

PAGE = Endpoint(
    "get",
    "/runs/{id}.html",
    "run.page",
    run_page,
    "Look at a run as a page",
    "The report that `log RUN --html` of the command line writes: what moved from where to where, what became of file "
    "undo, and the commands that may follow. One page without scripts, which loads nothing else.",
    ResponseSpec("The page.", {"text/html": {"type": "string"}}),
    refusals=(404, 409, 422, 503),
    path_parameters={"id": "The id of the run, or the beginning of it."},
)
