"""`list`: the session history."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from migrator.arguments import SelectRequest
from migrator.disk.status import is_directory
from migrator.errors import CantTell, MigratorError, NothingMatched
from migrator.model import ODD_ROWS, OPENCODE_1, OPENCODE_2
from migrator.operations.context import CommandContext
from migrator.operations.select import make_query
from migrator.paths import is_of_this_system
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.store.elsewhere import located_elsewhere, titled_elsewhere
from migrator.store.location import locate
from migrator.store.other_databases import other_databases, session_ids
from migrator.store.paging import DEFAULT_LIMIT, Cursor, ListFilter, cursors, history, together, topmost, total
from migrator.store.untouched import look_into
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from migrator.arguments import ListRequest
    from migrator.model import Passage, PlanWarning, Project, Session
    from migrator.selection.query import Query
    from migrator.store.other_databases import OtherDatabase
    from migrator.store.paging import Condition
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class SessionList:
    """One page of at most `limit` sessions (0: all), and every project; `next` is the cursor of the next page, or None.

    `here` says whether it is what opencode would list here, `selected` whether any selector was given, and `chosen`
    whether one that says which sessions are meant, not only which aren't. `why_nothing` is the sentence that says why
    there is no session, and `of_others` whether other projects have some. Where a search of titles alone found nothing,
    or there is none at all, `elsewhere` says in words which other databases have such sessions. `passages` has what was
    looked for in conversations, by the sessions' ids. `held_by` says which opencodes have a session of the page, and so
    show it; {} where only one has tables. `total` is how many sessions all pages have, if that was asked for.
    """

    sessions: Sequence[Session]
    projects: Sequence[Project]
    next: Cursor | None
    limit: int
    here: bool
    selected: bool
    elsewhere: Sequence[str]
    warnings: Sequence[PlanWarning]
    why_nothing: str
    of_others: bool
    passages: Mapping[str, Passage]
    held_by: Mapping[str, Sequence[str]]
    total: int | None
    chosen: bool = False


EMPTY = SessionList(
    (), (), None, 0, here=False, selected=True, elsewhere=(), warnings=(), why_nothing="", of_others=False,
    passages={}, held_by={}, total=0,
)  # fmt: skip
"""Of a database in which nothing can be meant."""


@dataclass(frozen=True, slots=True)
class ListedDatabase:
    """One of several databases that are listed together: what a list calls it, and its part of the page.

    `unfit` has each value of an option that means nothing in it, with the error that says so.
    """

    label: str
    path: Path
    page: SessionList
    unfit: Mapping[tuple[str, Any], NothingMatched]


@dataclass(frozen=True, slots=True)
class DatabasesList:
    """One page of sessions of several databases, last updated first; `next` is the cursor of the next page.

    `page` has all of them, and `databases` the one that each is of. What has no table of sessions is left out; `unread`
    says by its path why another could not be listed, as the end of a sentence.
    """

    page: SessionList
    databases: Sequence[ListedDatabase]
    unread: Mapping[Path, str]
    next: str | None
    every_id: Collection[str]


def list_databases(databases: Mapping[str, Path], request: ListRequest, home: str | None = None) -> DatabasesList:
    """Return one page of the sessions that were asked for in several databases, none of which changes by a byte.

    What an option names has to be in one of them at least: else NothingMatched is raised. Where none of them can be
    listed, the error of the first is raised. `home` is what a leading `~` means.
    """
    after = cursors(request.cursor, databases)
    ids: dict[str, frozenset[str]] = {}
    parts: list[ListedDatabase] = []
    failed: dict[Path, MigratorError] = {}
    for label, path in databases.items():
        try:
            found = session_ids(path)
        except MigratorError as error:
            failed[path] = error
        else:
            ids |= {} if found is None else {label: found}
    every_id = frozenset(id_ for found in ids.values() for id_ in found)
    for label in ids:
        look = partial(_part, label=label, request=request, cursor=after[label], home=home, ids=every_id)
        try:
            parts.append(look_into(databases[label], look))
        except MigratorError as error:
            failed[databases[label]] = error
    if failed and not parts:
        errors = [*failed.values()]
        raise next((error for error in errors if type(error) is not MigratorError), errors[0])
    for value, unfit in parts[0].unfit.items() if parts else ():
        if all(value in part.unfit for part in parts):
            raise unfit
    unread = {path: str(error).rstrip(".") for path, error in failed.items()}
    return _joined(parts, unread, every_id)


def _part(  # noqa: PLR0913 - what is asked of the database, and what is known of the others
    store: Store, *, label: str, request: ListRequest, cursor: Cursor | None, home: str | None, ids: frozenset[str]
) -> ListedDatabase:
    with CommandContext(store.path, home, opened=store) as context:
        context.selector_context.also_known = ids
        try:
            return ListedDatabase(label, store.path, _page(context, request, cursor), {})
        except NothingMatched:
            select, unfit = _fitting(context, request.select)
            if not unfit:
                raise
            page = _page(context, replace(request, select=select), cursor) if select else EMPTY
            return ListedDatabase(label, store.path, page, unfit)


def _fitting(
    context: CommandContext, request: SelectRequest
) -> tuple[SelectRequest | None, dict[tuple[str, Any], NothingMatched]]:
    """Return the request with those values of its options that mean something in this database, and the others.

    It is None where nothing can be meant without the others.
    """
    kept: dict[str, Any] = {}
    unfit: dict[tuple[str, Any], NothingMatched] = {}
    for name, value in request.options.items():
        several = isinstance(value, tuple)
        for each in value if several else [value]:
            alone = (each,) if several else each
            try:
                make_query(context, SelectRequest({name: alone}))
            except NothingMatched as error:
                unfit[name, each] = error
            else:
                kept[name] = (*kept.get(name, ()), each) if several else each
    if not request.match_any and not {name for name, _ in unfit} <= kept.keys():
        return None, unfit
    select = replace(request, options=kept)
    return (select if make_query(context, select).chooses else None), unfit


def _joined(parts: Sequence[ListedDatabase], unread: Mapping[Path, str], every_id: Collection[str]) -> DatabasesList:
    by_label = {part.label: part for part in parts}
    limit = max((part.page.limit for part in parts), default=0)
    more = any(part.page.next for part in parts)
    shown, after = together({part.label: part.page.sessions for part in parts}, limit, more=more)
    pages = [part.page for part in parts]
    totals = [page.total for page in pages if page.total is not None]
    page = SessionList(
        [session for _, session in shown],
        (),
        None,
        limit,
        all(page.here for page in pages),
        any(page.selected for page in pages),
        (),
        [*_warnings(parts)],
        next((page.why_nothing for page in pages if page.why_nothing), ""),
        any(page.of_others for page in pages),
        {},
        {},
        sum(totals) if totals else None,
    )
    return DatabasesList(page, [by_label[label] for label, _ in shown], unread, after, every_id)


def _warnings(parts: Sequence[ListedDatabase]) -> Iterator[PlanWarning]:
    """Yield the warnings of all databases: that an option selects nothing, only where it does so in each of them."""
    told = [set(part.page.warnings) for part in parts]
    yield from (warning for warning in parts[0].page.warnings if all(warning in each for each in told)) if parts else ()
    for part in parts:
        for warning in part.page.warnings:
            if warning.code == ODD_ROWS and not all(warning in each for each in told):
                yield replace(warning, message=f"{part.path.name}: {warning.message}")


def only_elsewhere(db: str | None) -> list[OtherDatabase]:
    """Return what is only in the databases beside the one at `db`, or beside opencode's own; none if there is none."""
    try:
        return look_into(locate(db, None).path, other_databases)
    except MigratorError:
        return []


def list_sessions(context: CommandContext, request: ListRequest) -> SessionList:
    """Return one page of the sessions that were asked for, last updated first."""
    page = _page(context, request, Cursor.parse(request.cursor) if request.cursor else None)
    if page.sessions or request.cursor or page.selected:
        return page
    if request.search:
        return replace(page, elsewhere=titled_elsewhere(context.store, request.search))
    place = context.places.find(".") if page.here else None
    return replace(page, elsewhere=located_elsewhere(context.store, place))


def _page(context: CommandContext, request: ListRequest, cursor: Cursor | None) -> SessionList:
    query = make_query(context, request.select)
    here = not (request.everywhere or query.chooses)
    limit = request.limit if request.limit is not None else (DEFAULT_LIMIT if here else 0)
    limit = min(limit, 2**31)  # SQLite's integers end somewhere
    conditions = _conditions(context, query, request, here=here)
    page = history(context.store, conditions, cursor, limit)
    passages = {session.id: found for session in page.sessions if (found := query.passage(session))}
    projects = context.selector_context.projects()
    finds_none = not (page.sessions or request.cursor)
    why_nothing, of_others = _why_nothing(context, query, request, here=here) if finds_none else ("", False)
    warnings = (*query.warnings(context.store), *odd_row_warnings(context.store))
    return SessionList(
        page.sessions, projects, page.next, limit, here, query.selects, (), warnings, why_nothing, of_others, passages,
        _held_by(context.store, page.sessions), total(context.store, conditions) if request.counted else None,
        query.chooses,
    )  # fmt: skip


def _why_nothing(context: CommandContext, query: Query, request: ListRequest, *, here: bool) -> tuple[str, bool]:
    """Return why a list has no session, and whether it would have some if it were of every project."""
    store = context.store
    of_others = here and bool(history(store, _conditions(context, query, request, here=False), None, 1).sessions)
    named = [(words, shown.conditions(store.schema)) for words, shown in _named_filters(request)]
    base = _base_filter(context, request, here=here).conditions(store.schema)
    return query.why_nothing(store, named, (" of this project", base) if of_others else None), of_others


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
    shown = [_base_filter(context, request, here=here), *(each for _, each in _named_filters(request))]
    conditions = [*conditions, *(each for part in shown for each in part.conditions(context.store.schema))]
    if request.roots is None:
        asked_for = query.selects or request.search or request.workspace or request.directory or request.project_id
        conditions.append(topmost(conditions) if asked_for else ("parent_id IS NULL", ()))
    return conditions


def _base_filter(context: CommandContext, request: ListRequest, *, here: bool) -> ListFilter:
    return ListFilter(
        project_id=context.places.find(".").project_id if here else request.project_id,
        directory=request.directory,
        start=request.start,
        hide_archived=request.hide_archived,
    )


def _named_filters(request: ListRequest) -> Iterator[tuple[str, ListFilter]]:
    """Yield what a person narrows the list by, besides selectors, with how it is typed."""
    if request.search:
        yield f"--search {shell_quote(request.search)}", ListFilter(search=request.search)
    if request.workspace:
        yield f"--workspace {shell_quote(request.workspace)}", ListFilter(workspace=request.workspace)
    if request.roots:
        yield "--roots", ListFilter(roots=True)
