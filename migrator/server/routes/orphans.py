"""`GET /session/orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import OrphansRequest
from migrator.reporting.session_info import orphan_sessions
from migrator.server import cursors
from migrator.server.endpoint import NEXT_CURSOR, Endpoint, page_response
from migrator.server.parameters import Parameter, limit_parameter, read_query
from migrator.server.state import app_state, in_thread, json_text
from migrator.store.paging import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Orphan, Session
    from migrator.server.database_access import DatabaseAccess

PARAMETERS = (
    limit_parameter("How many sessions a page has at most."),
    Parameter("cursor", {"type": "string"}, "Go on after a page: what its header `x-next-cursor` holds."),
    Parameter("archived", {"type": "boolean", "default": False}, "Show archived sessions too."),
    Parameter("rule", {"type": "string"}, "Only what this rule finds, such as `missing-directory`."),
)


async def orphans(request: Request) -> Response:
    """Answer with one page."""
    values = read_query(request, PARAMETERS)
    cursor = cursors.read_cursor(values["cursor"]) if values["cursor"] else None
    rule = values["rule"]
    access, cache = app_state(request).access, app_state(request).orphan_cache

    def respond() -> Response:
        found = (cache.continued if cursor else cache.search)(rule, lambda: _find(access, rule))
        remaining = [
            orphan
            for orphan in found
            if (values["archived"] or orphan.session.archived is None)
            and (cursor is None or _sort_key(orphan.session) < (cursor.updated, cursor.id))
        ]
        shown = remaining[: values["limit"]]
        headers = {}
        if len(remaining) > len(shown):
            headers[NEXT_CURSOR] = cursors.write_cursor(Cursor(*_sort_key(shown[-1].session)))
        else:
            cache.clear()
        with access.history() as copy:
            infos = copy.sessions([orphan.session.id for orphan in shown])
            rows = orphan_sessions(shown, infos, copy.projects)
        return json_text(f"[{','.join(rows)}]", headers=headers)

    return await in_thread(respond)


def _find(access: DatabaseAccess, rule: str | None) -> Sequence[Orphan]:
    from migrator.operations.orphans import list_orphans

    with access.reading() as context:
        return list_orphans(context, OrphansRequest([rule] if rule else [], rule_option="rule")).orphans


def _sort_key(session: Session) -> tuple[int, str]:
    return session.updated, session.id


ENDPOINT = Endpoint(
    "get",
    "/session/orphans",
    "session.orphans",
    orphans,
    "List the sessions that got lost, and why",
    "Those that opencode can't show or resume where they belong: each reason with its evidence, and where the "
    "session belongs as far as that is known. Newest first. Every directory is looked at again, so this takes "
    "longer than a page of the history.",
    page_response("A page of lost sessions.", "Orphan"),
    refusals=(409, 503),
    parameters=PARAMETERS,
)
