"""`GET /session/history`: the sessions of every project, as opencode's session history proposal has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError
from migrator.reporting.session_info import global_sessions
from migrator.reporting.session_rows import database_row
from migrator.server import cursors
from migrator.server.endpoint import NEXT_CURSOR, Endpoint, page_response
from migrator.server.parameters import Parameter, limit_parameter, read_query
from migrator.server.state import app_state, in_thread, json_text
from migrator.store.history_copy import json_page
from migrator.store.location import databases_of_channels
from migrator.store.other_databases import session_ids
from migrator.store.paging import ListFilter, together
from migrator.store.untouched import look_into

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Project
    from migrator.server.state import AppState
    from migrator.store.history_copy import JsonPage
    from migrator.store.paging import Cursor
    from migrator.store.reader import Store

UNREAD = "x-unread-databases"
"""The header that maps the path of each database that can't be read to why, as JSON."""

EARLIEST, LATEST = -(10**15), 10**15
"""Milliseconds between which every session was updated."""

_UNREAD_HEADER = {
    UNREAD: {
        "description": "With `channel`: a JSON object that maps the path of each database that can't be read to why; "
        "absent if there is none.",
        "schema": {"type": "string"},
    }
}

PARAMETERS = (
    Parameter(
        "directory",
        {"type": "string"},
        "Only sessions bound to exactly this directory, without a trailing /; a path of Windows in any spelling.",
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
    Parameter(
        "channel",
        {"type": "string"},
        "The sessions of the databases of these release channels, a name or a pattern as `*`, which lie beside the "
        "server's own and are only read. Each session says which `database` it is of, and the header "
        f"`{UNREAD}` which can't be read.",
    ),
)


async def history(request: Request) -> Response:
    """Answer with one page."""
    values = read_query(request, PARAMETERS)
    shown = ListFilter(
        directory=values["directory"],
        roots=values["roots"],
        start=values["start"],
        search=values["search"],
        workspace=values["workspace"],
        hide_archived=not values["archived"],
    )
    state = app_state(request)
    if values["channel"]:
        return await in_thread(lambda: _together(state, shown, values), state.pages)
    cursor = cursors.read_cursor(values["cursor"]) if values["cursor"] else None

    def respond() -> Response:
        with state.access.history() as copy:
            found = copy.page(shown, cursor, values["limit"])
            rows = global_sessions(found.sessions, copy.projects)
        return json_text(
            f"[{','.join(rows)}]", headers={NEXT_CURSOR: cursors.write_cursor(found.next)} if found.next else None
        )

    return await in_thread(respond, state.pages)


def _together(state: AppState, shown: ListFilter, values: Mapping[str, Any]) -> Response:
    """Answer with one page of the sessions of several databases."""
    databases = databases_of_channels(str(state.access.path), [values["channel"]])
    after = cursors.read_cursors(values["cursor"] or "", databases)
    pages: dict[str, JsonPage] = {}
    texts: dict[tuple[str, str], str] = {}
    unread: dict[str, str] = {}
    for label, path in databases.items():
        try:
            found = _page_and_projects(state, path, shown, after[label], values["limit"])
        except MigratorError as error:
            unread[str(path)] = str(error)
            continue
        if found is not None:
            pages[label], projects = found
            rows = global_sessions(pages[label].sessions, projects, {"database": database_row(path)})
            texts |= {(label, session.id): row for session, row in zip(pages[label].sessions, rows, strict=True)}
    more = any(page.next for page in pages.values())
    listed, following = together({label: page.sessions for label, page in pages.items()}, values["limit"], more=more)
    headers = {NEXT_CURSOR: cursors.write_cursor(following)} if following else {}
    headers |= {UNREAD: json.dumps(unread)} if unread else {}
    return json_text(f"[{','.join(texts[label, session.id] for label, session in listed)}]", headers=headers or None)


def _page_and_projects(
    state: AppState, path: Path, shown: ListFilter, cursor: Cursor | None, limit: int
) -> tuple[JsonPage, Mapping[str, Project]] | None:
    """Return a page of one database; None if it has no table of sessions. The server's own is read from its copy."""
    if path == state.access.path:
        with state.access.history() as copy:
            return copy.page(shown, cursor, limit), copy.projects

    def look(store: Store) -> tuple[JsonPage, Mapping[str, Project]]:
        return json_page(store, shown, cursor, limit), {project.id: project for project in store.projects()}

    return None if session_ids(path) is None else look_into(path, look)


ENDPOINT = Endpoint(
    "get",
    "/session/history",
    "session.history",
    history,
    "List the sessions of every project",
    "Newest first, in pages. Equal times are told apart by id, so going on from page to page shows every session "
    "exactly once, also while sessions are moved: a move keeps the time.",
    page_response("A page of sessions: opencode's type `GlobalSession`.", "GlobalSession", _UNREAD_HEADER),
    refusals=(409, 422, 503),
    parameters=PARAMETERS,
)
