"""`/session/orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.reporting.session_info import orphan_sessions
from migrator.server import cursors
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import Parameter, read
from migrator.server.routes.session import MOST, NEXT
from migrator.server.state import app_state, in_thread, json_text
from migrator.store.paging import DEFAULT_LIMIT, Cursor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Orphan, Session
    from migrator.server.database_access import DatabaseAccess

PARAMETERS = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
        "How many sessions a page has at most.",
    ),
    Parameter("cursor", {"type": "string"}, "Go on after a page: what its header `x-next-cursor` holds."),
    Parameter("archived", {"type": "boolean", "default": False}, "Show archived sessions too."),
    Parameter("rule", {"type": "string"}, "Only what this rule finds, such as `missing-directory`."),
)


async def orphans(request: Request) -> Response:
    """Answer with one page."""
    values = read(request, PARAMETERS)
    cursor = cursors.read_cursor(values["cursor"]) if values["cursor"] else None
    gate, looks = app_state(request).gate, app_state(request).looks

    def page() -> Response:
        found = (looks.next if cursor else looks.first)(values["rule"], lambda: _find(gate, values["rule"]))
        wanted = [
            orphan
            for orphan in found
            if (values["archived"] or orphan.session.archived is None)
            and (cursor is None or _place(orphan.session) < (cursor.updated, cursor.id))
        ]
        shown = wanted[: values["limit"]]
        headers = {}
        if len(wanted) > len(shown):
            headers[NEXT] = cursors.write_cursor(Cursor(*_place(shown[-1].session)))
        else:
            looks.over()
        with gate.history() as copy:
            infos = copy.sessions([orphan.session.id for orphan in shown])
            rows = orphan_sessions(shown, infos, copy.projects)
        return json_text(f"[{','.join(rows)}]", headers=headers)

    return await in_thread(page)


def _find(gate: DatabaseAccess, rule: str | None) -> list[Orphan]:
    from migrator.operations.orphans import find_homes
    from migrator.orphans.find import find_orphans as find
    from migrator.plugins import check_rule_names, orphan_rules

    asked = [rule] if rule else []
    check_rule_names(asked, "rule")
    with gate.reading() as context:
        return find(context.rule_context, orphan_rules(), find_homes(context), found_by=asked)


def _place(session: Session) -> tuple[int, str]:
    return session.updated, session.id


OPERATIONS = (
    Endpoint(
        "get",
        "/session/orphans",
        "session.orphans",
        orphans,
        "List the sessions that got lost, and why",
        "Those that opencode can't show or resume where they belong: each reason with its evidence, and where the "
        "session belongs as far as that is known. Newest first. Every directory is looked at anew, so this takes "
        "longer than a page of the history.",
        ResponseSpec(
            "A page of lost sessions.",
            {"application/json": {"type": "array", "items": {"$ref": "#/components/schemas/Orphan"}}},
            {NEXT: {"description": "The cursor of the next page; absent on the last.", "schema": {"type": "string"}}},
        ),
        problems=(409, 503),
        parameters=PARAMETERS,
    ),
)
