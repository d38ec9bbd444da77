"""`list`: the session history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import OPENCODE_1, OPENCODE_2
from migrator.operations.select import make_query
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.store.elsewhere import titled_elsewhere
from migrator.store.paging import DEFAULT_LIMIT, Cursor, ListFilter, history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.arguments import ListRequest
    from migrator.model import Passage, PlanWarning, Project, Session
    from migrator.operations.context import CommandContext
    from migrator.selection.query import Query
    from migrator.store.paging import Condition
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class SessionList:
    """One page of sessions, and every project; `next` is the cursor of the next page, None on the last.

    `here` says whether it is what opencode would list here, `selected` whether any selector was given. `why_nothing`
    is the sentence that says why there is no session. Where a search of titles alone found nothing, `elsewhere` says in
    words which other databases have sessions with such a title. `passages` has what was looked for in conversations, by
    the sessions' ids. `held_by` says which opencodes have a session of the page, and so show it; {} where only one has
    tables.
    """

    sessions: Sequence[Session]
    projects: Sequence[Project]
    next: Cursor | None
    here: bool
    selected: bool
    elsewhere: Sequence[str]
    warnings: Sequence[PlanWarning]
    why_nothing: str
    passages: Mapping[str, Passage]
    held_by: Mapping[str, Sequence[str]]


def list_sessions(context: CommandContext, request: ListRequest) -> SessionList:
    """Return one page of the sessions that were asked for, last updated first."""
    query = make_query(context, request.select)
    here = not (request.everywhere or query.chooses)
    limit = request.limit if request.limit is not None else (DEFAULT_LIMIT if here else 0)
    limit = min(limit, 2**31)  # SQLite's integers end somewhere
    cursor = Cursor.parse(request.cursor) if request.cursor else None
    page = history(context.store, _conditions(context, query, request, here=here), cursor, limit)
    elsewhere: Sequence[str] = ()
    if request.search and not (page.sessions or request.cursor or query.selects):
        elsewhere = titled_elsewhere(context.store, request.search)
    passages = {session.id: found for session in page.sessions if (found := query.passage(session))}
    projects = context.selector_context.projects()
    why_nothing = "" if page.sessions else query.why_nothing(context.store)
    warnings = (*query.warnings(context.store), *odd_row_warnings(context.store))
    return SessionList(
        page.sessions, projects, page.next, here, query.selects, elsewhere, warnings, why_nothing, passages,
        _held_by(context.store, page.sessions),
    )  # fmt: skip


def _held_by(store: Store, sessions: Sequence[Session]) -> dict[str, Sequence[str]]:
    if not (store.schema.has_v1 and store.schema.has_v2):
        return {}
    ids = [session.id for session in sessions]
    rows = {OPENCODE_1: store.bindings(ids, 1), OPENCODE_2: store.bindings(ids, 2)}
    return {id_: tuple(opencode for opencode, found in rows.items() if id_ in found) for id_ in ids}


def _conditions(context: CommandContext, query: Query, request: ListRequest, *, here: bool) -> list[Condition]:
    conditions = query.conditions()
    if conditions is None:  # a selector that only Python can answer
        ids = json.dumps([session.id for session in query.sessions(context.store)])
        conditions = [("id IN (SELECT value FROM json_each(?))", (ids,))]
    shown = ListFilter(
        project_id=context.places.find(".").project_id if here else request.project_id,
        directory=request.directory,
        roots=request.roots if request.roots is not None else not query.chooses,
        start=request.start,
        search=request.search,
        workspace=request.workspace,
        hide_archived=request.hide_archived,
    )
    return [*conditions, *shown.conditions(context.store.schema)]
