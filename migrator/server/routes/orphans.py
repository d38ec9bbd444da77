"""`/session/orphans`: the sessions that opencode can't show or resume where they belong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.arguments import OrphansRequest
from migrator.reporting.orphan_rows import reason_row, suggestion_row
from migrator.reporting.session_info import global_sessions
from migrator.server import cursors
from migrator.server.endpoint import NEXT_CURSOR, Endpoint, page_response
from migrator.server.parameters import Parameter, limit_parameter, read_query
from migrator.server.state import app_state, in_thread, json_response
from migrator.store.history_copy import Info
from migrator.store.paging import Cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Orphan, Project, Session
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
        wanted = [
            orphan
            for orphan in found
            if (values["archived"] or orphan.session.archived is None)
            and (cursor is None or _sort_key(orphan.session) < (cursor.updated, cursor.id))
        ]
        shown = wanted[: values["limit"]]
        headers = {}
        if len(wanted) > len(shown):
            headers[NEXT_CURSOR] = cursors.write_cursor(Cursor(*_sort_key(shown[-1].session)))
        else:
            cache.clear()
        with access.history() as copy:
            infos = copy.sessions([orphan.session.id for orphan in shown])
            return json_response(_rows(shown, infos, copy.projects), headers=headers)

    return await in_thread(respond)


def _find(access: DatabaseAccess, rule: str | None) -> Sequence[Orphan]:
    from migrator.operations.orphans import list_orphans

    with access.reading() as context:
        return list_orphans(context, OrphansRequest([rule] if rule else [], rule_option="rule")).orphans


def _sort_key(session: Session) -> tuple[int, str]:
    return session.updated, session.id


def _rows(shown: Sequence[Orphan], infos: Mapping[str, Info], projects: Mapping[str, Project]) -> list[dict[str, Any]]:
    sessions = [infos.get(orphan.session.id) or _unlisted(orphan.session) for orphan in shown]
    return [
        {
            **json.loads(text),
            "reasons": [reason_row(reason) for reason in orphan.reasons],
            "suggestion": suggestion_row(orphan.suggestion),
            "rivals": list(orphan.rivals),
        }
        for orphan, text in zip(shown, global_sessions(sessions, projects), strict=True)
    ]


def _unlisted(session: Session) -> Info:
    """Return the row of a session that is only in JSON storage, with what is known of it."""
    archived = {} if session.archived is None else {"archived": session.archived}
    known = {
        "id": session.id,
        "slug": "",
        "projectID": session.project_id,
        "directory": session.directory,
        "path": session.binding.path,
        "parentID": session.parent_id,
        "title": session.title,
        "version": "",
        "time": {"created": session.created, "updated": session.updated, **archived},
    }
    text = json.dumps({name: value for name, value in known.items() if value is not None}, ensure_ascii=False)
    return Info(session.updated, session.id, session.project_id, text)


ENDPOINTS = (
    Endpoint(
        "get",
        "/session/orphans",
        "session.orphans",
        orphans,
        "List the sessions that got lost, and why",
        "Those that opencode can't show or resume where they belong: each reason with its evidence, and where the "
        "session belongs as far as that is known. Newest first. Every directory is looked at anew, so this takes "
        "longer than a page of the history.",
        page_response("A page of lost sessions.", "Orphan"),
        refusals=(409, 503),
        parameters=PARAMETERS,
    ),
)
