"""`list`: the session history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory
from migrator.errors import CantTell
from migrator.model import OPENCODE_1, OPENCODE_2
from migrator.operations.select import make_query
from migrator.paths import is_of_this_system
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.store.elsewhere import titled_elsewhere
from migrator.store.paging import DEFAULT_LIMIT, Cursor, ListFilter, history, topmost, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    tables. `total` is how many sessions all pages have, if that was asked for.
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
    total: int | None


def list_sessions(context: CommandContext, request: ListRequest) -> SessionList:
    """Return one page of the sessions that were asked for, last updated first."""
    query = make_query(context, request.select)
    here = not (request.everywhere or query.chooses)
    limit = request.limit if request.limit is not None else (DEFAULT_LIMIT if here else 0)
    limit = min(limit, 2**31)  # SQLite's integers end somewhere
    cursor = Cursor.parse(request.cursor) if request.cursor else None
    conditions = _conditions(context, query, request, here=here)
    page = history(context.store, conditions, cursor, limit)
    elsewhere: Sequence[str] = ()
    if request.search and not (page.sessions or request.cursor or query.selects):
        elsewhere = titled_elsewhere(context.store, request.search)
    passages = {session.id: found for session in page.sessions if (found := query.passage(session))}
    projects = context.selector_context.projects()
    why_nothing = "" if page.sessions else query.why_nothing(context.store)
    warnings = (*query.warnings(context.store), *odd_row_warnings(context.store))
    return SessionList(
        page.sessions, projects, page.next, here, query.selects, elsewhere, warnings, why_nothing, passages,
        _held_by(context.store, page.sessions), total(context.store, conditions) if request.counted else None,
    )  # fmt: skip


def gone_directories(sessions: Iterable[Session]) -> set[str]:
    """Return the directories of these sessions that are certainly no directory any more."""
    return {directory for directory in {session.directory for session in sessions} if _is_gone(directory)}


def _is_gone(directory: str) -> bool:
    try:
        return is_of_this_system(directory) and not is_directory(directory)
    except CantTell:
        return False


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
        roots=bool(request.roots),
        start=request.start,
        search=request.search,
        workspace=request.workspace,
        hide_archived=request.hide_archived,
    )
    conditions = [*conditions, *shown.conditions(context.store.schema)]
    if request.roots is None:
        asked_for = query.selects or request.search or request.workspace
        conditions.append(topmost(conditions) if asked_for else ("parent_id IS NULL", ()))
    return conditions
