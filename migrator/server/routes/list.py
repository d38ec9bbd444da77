"""`GET /session/history`: the sessions of every project, as opencode's session history proposal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.reporting.session_info import global_sessions
from migrator.server import cursors
from migrator.server.endpoint import NEXT_CURSOR, Endpoint, page_response
from migrator.server.parameters import Parameter, limit_parameter, read_query
from migrator.server.state import app_state, in_thread, json_text
from migrator.store.paging import ListFilter

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

EARLIEST, LATEST = -(10**15), 10**15
"""Milliseconds between which every session was updated."""

PARAMETERS = (
    Parameter(
        "directory",
        {"type": "string"},
        "Only sessions bound to exactly this directory, as it is stored: no trailing /.",
    ),
    Parameter("roots", {"type": "boolean", "default": False}, "Leave out children, the sessions of subagents."),
    Parameter(
        "start",
        {"type": "integer", "minimum": EARLIEST, "maximum": LATEST},
        "Only sessions updated at this time or later, in milliseconds since 1970.",
    ),
    Parameter(
        "cursor",
        {"type": "string"},
        "Go on after a page: what its header `x-next-cursor` holds. A plain number of milliseconds goes on with what "
        "was updated before then.",
    ),
    Parameter("search", {"type": "string"}, "Only sessions whose title contains this, in whatever case."),
    limit_parameter("How many sessions a page has at most."),
    Parameter("archived", {"type": "boolean", "default": False}, "Show archived sessions too."),
    Parameter("workspace", {"type": "string"}, "Only sessions of the opencode workspace with this id."),
)


async def history(request: Request) -> Response:
    """Answer with one page."""
    values = read_query(request, PARAMETERS)
    cursor = cursors.read_cursor(values["cursor"]) if values["cursor"] else None
    shown = ListFilter(
        directory=values["directory"],
        roots=values["roots"],
        start=values["start"],
        search=values["search"],
        workspace=values["workspace"],
        hide_archived=not values["archived"],
    )
    state = app_state(request)

    def respond() -> Response:
        with state.access.history() as copy:
            found = copy.page(shown, cursor, values["limit"])
            rows = global_sessions(found.sessions, copy.projects)
        return json_text(
            f"[{','.join(rows)}]", headers={NEXT_CURSOR: cursors.write_cursor(found.next)} if found.next else None
        )

    return await in_thread(respond, state.pages)


ENDPOINT = Endpoint(
    "get",
    "/session/history",
    "session.history",
    history,
    "List the sessions of every project",
    "Newest first, in pages. Equal times are told apart by id, so going on from page to page shows every session "
    "exactly once, also while sessions are moved: a move keeps the time.",
    page_response("A page of sessions: opencode's type `GlobalSession`.", "GlobalSession"),
    refusals=(409, 503),
    parameters=PARAMETERS,
)
