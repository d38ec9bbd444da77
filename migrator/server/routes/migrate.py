"""`POST /session/{id}/migrate`: one session and its tree, as opencode's session history proposal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.arguments import MigrateRequest
from migrator.errors import BadInput, NothingMatched
from migrator.paths import is_absolute
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import Parameter, object_schema, read_fields
from migrator.server.run_response import WRITE_FIELDS, run_to_end
from migrator.server.state import app_state, in_thread, json_body, json_text, write_work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Plan, Run
    from migrator.server.database_access import DatabaseAccess
    from migrator.server.jobs import Progress

FIELDS = (
    Parameter("directory", {"type": "string"}, "Where it goes: an absolute path. Default: the root of the project."),
    Parameter(
        "projectID",
        {"type": "string"},
        "Insist on this project: its id, name or worktree. Refused where opencode resolves another for the directory.",
    ),
    *WRITE_FIELDS,
)


async def migrate(request: Request) -> Response:
    """Move one session, and answer with it as it is afterwards."""
    from migrator.operations.apply import apply_plan

    state = app_state(request)
    session = request.path_params["id"]
    values = read_fields(await json_body(request), FIELDS)
    if values["directory"] is None and values["projectID"] is None:
        raise BadInput("Say where to: directory, projectID, or both.")
    directory = values["directory"]
    if directory is not None and not (is_absolute(directory) or directory.startswith("~")):
        raise BadInput(f"directory must be an absolute path, not {directory[:80]!r}.")

    def work(progress: Progress) -> Run:
        plan = _plan(state.access, session, values)
        route, path = f"POST /session/{session}/migrate", state.access.path
        return write_work(state, values, route, lambda write: apply_plan(plan, path, write))(progress)

    run = await run_to_end(state.jobs, work)

    def respond() -> Response:
        with state.access.history() as copy:
            moved = copy.sessions([session]).get(session)
        if moved is None:
            raise NothingMatched(f"no session has the id {session} any more; it was deleted after it was moved")
        return json_text(moved.json, headers={"x-run": run.id} if run.id else None)

    return await in_thread(respond)


def _plan(access: DatabaseAccess, session: str, values: dict[str, Any]) -> Plan:
    from migrator.operations.migrate import plan_migrate

    request = MigrateRequest(session, values["directory"], values["projectID"], project_option="projectID")
    with access.reading() as context:
        if not context.selector_context.existing_ids([session]):  # the selector would take the start of an id too
            raise NothingMatched(f"no session has the id {session}{context.selector_context.elsewhere([session])}")
        return plan_migrate(context, request)


ENDPOINT = Endpoint(
    "post",
    "/session/{id}/migrate",
    "session.migrate",
    migrate,
    "Move one session with its tree",
    "Planned and applied at once, with everything that a plan of it does: the whole tree goes along, and file undo "
    "is carried or detached.",
    ResponseSpec(
        "The session as it is now: opencode's type `Session`.",
        {"application/json": {"$ref": "#/components/schemas/Session"}},
        {
            "x-run": {
                "description": "The id of the run, for undo; absent where the session was right already.",
                "schema": {"type": "string"},
            }
        },
    ),
    refusals=(404, 409, 422, 503),
    path_parameters={"id": "The whole id of the session."},
    body=object_schema(FIELDS, "At least one of `directory` and `projectID`."),
    example={"directory": "/home/dev/src/shop"},
)
