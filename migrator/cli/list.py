"""`list`: the session history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from migrator.cli.input.command_line import DISPLAY_FLAGS, typed_command
from migrator.cli.input.database import database_option, open_context, several_databases
from migrator.cli.input.options import SelectingCommand, databases_options, select_request
from migrator.cli.results.listing import echo_rows, listing_options, take_view, with_short_ids
from migrator.cli.results.next_steps import say_steps, say_steps_below_rows, steps_with_session
from migrator.cli.terminal.printing import echo_warnings, note, paged, say
from migrator.errors import NothingMatched
from migrator.reporting.next_steps import Step
from migrator.reporting.session_rows import SESSION_COLUMNS
from migrator.selection.completion import completes
from migrator.text import shortened, title_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from migrator.arguments import ListRequest
    from migrator.operations.list import DatabasesList, SessionList
    from migrator.reporting.rows import Row


@click.command("list", cls=SelectingCommand)
@click.option("--all", "-a", "everywhere", is_flag=True, help="Every project, not only what opencode would list here.")
@click.option("--search", metavar="TEXT", help="Sessions whose title contains TEXT.")
@click.option(
    "--roots/--no-roots",
    default=None,
    help="Leave out children, or show all.  [default: show those that are selected without their parent]",
)
@click.option(
    "--workspace", metavar="ID", shell_complete=completes("workspace"), help="Sessions of this opencode workspace."
)
@click.option("--cursor", metavar="C", help="Go on where the page before stopped.")
@listing_options(SESSION_COLUMNS)
@databases_options
@paged()
def command(**values: Any) -> None:
    """List sessions, newest first.

    Without --all or a selector: what `opencode session list` prints here. That is the roots of this project, at most
    100. On a terminal, no list is longer unless --limit says so.

    With several channels, as in --all --channel '*', the sessions of all their databases are listed together, each
    with its database.
    """
    from migrator.arguments import ListRequest
    from migrator.operations.list import gone_directories
    from migrator.places.cwd import current_directory
    from migrator.reporting.rows import arranged
    from migrator.reporting.session_rows import passage_lines, session_columns_shown
    from migrator.store.paging import DEFAULT_LIMIT
    from migrator.text import count

    view = take_view(values)
    if view.sorts and values["cursor"]:
        raise click.UsageError(
            "--cursor goes on in a list that has the newest first, so leave out --sort and --reverse."
        )
    names = ("everywhere", "roots", "search", "workspace", "cursor")
    limit = 0 if view.sorts and view.limit is not None else view.limit  # all are sorted, and cut then
    if view.width and view.form == "table" and view.limit is None:
        view = replace(view, limit=DEFAULT_LIMIT)
        limit = None if view.sorts else DEFAULT_LIMIT
    request = ListRequest(
        select_request(values), limit=limit, counted=bool(view.width), **{name: values[name] for name in names}
    )
    found = _find(values, request)
    page, together = found.page, found.together
    view = with_short_ids(view, page.sessions, found.ids_beside)
    rows: list[Row] = [*arranged(found.rows, view, SESSION_COLUMNS)]
    if view.form == "table":
        gone = gone_directories(page.sessions) if view.width else ()
        rows = [{**row, "gone": row["directory"] in gone} for row in rows]
    shown = session_columns_shown(
        with_project=not page.here,
        with_directory=not page.here or bool({row["directory"] for row in rows} - {current_directory()}),
        with_opencode=len({tuple(row.get("heldBy", ())) for row in rows}) > 1,
        with_database=together is not None,
        width=view.width,
    )
    echo_rows(rows, view, SESSION_COLUMNS, shown, partial(passage_lines, width=view.width or 120))
    echo_warnings(page.warnings)
    for path, why in together.unread.items() if together else ():
        note(f"note: {path.name} can't be listed, so nobody can tell what it has: {why}.")
    if not page.sessions:
        _explain_empty(page, request, together)
    if view.limit and page.total is not None and page.total > view.limit:
        every = typed_command("--limit", "0", without={"cursor", "limit"})
        shown_of = f"{min(view.limit, len(rows)):,} of {count(page.total, 'session')} shown. To see all of them:"
        say_steps([Step(shown_of, every)], err=True)
    if found.cursor is not None:
        say(f"next: {typed_command('--cursor', found.cursor, without={'cursor'})}", err=True)
    steps = _steps_of_several(rows, page) if together else _next_steps(rows, found)
    say_steps_below_rows(view.form, steps)


class _Found(NamedTuple):
    """What is listed, of one database or of several `together`.

    `ids_beside` are those of other sessions there by which an id can be shortened, if they are counted. `database` is
    the one that is listed, None for several.
    """

    page: SessionList
    rows: Sequence[Row]
    cursor: str | None
    ids_beside: Collection[str]
    dialect: str = ""
    database: Path | None = None
    together: DatabasesList | None = None


def _find(values: dict[str, Any], request: ListRequest) -> _Found:
    from migrator.operations.list import list_databases, list_sessions
    from migrator.reporting.session_rows import session_rows

    if several := several_databases(values):
        together = list_databases(several, request, database_option("home", values))
        return _Found(together.page, _rows_of(together), together.next, together.every_id, together=together)
    with open_context(values) as context:
        page = list_sessions(context, request)
        ids = context.store.ids_beside([each.id for each in page.sessions]) if request.counted else []
        dialect, database = context.store.schema.dialect, context.store.path
    rows = session_rows(page.sessions, page.projects, page.passages, page.held_by)
    return _Found(page, rows, str(page.next) if page.next else None, ids, dialect, database)


def _rows_of(together: DatabasesList) -> list[dict[str, Any]]:
    """Return one JSON object per session of several databases, with the `database` that it is of."""
    from migrator.reporting.session_rows import database_row, session_rows

    pages = {part.label: part.page for part in together.databases}
    rows = {
        label: iter(session_rows(page.sessions, page.projects, page.passages, page.held_by))
        for label, page in pages.items()
    }
    # what each has of the page is in the order of the page
    return [next(rows[part.label]) | {"database": database_row(part.path)} for part in together.databases]


def _steps_of_several(rows: Sequence[Mapping[str, Any]], page: SessionList) -> Iterator[Step]:
    """Yield how to bring the sessions here that only another database has: what was selected of each, or the first."""
    from migrator.operations.list import only_elsewhere

    of_list = {*DISPLAY_FLAGS, "everywhere", "search", "roots", "workspace", "cursor", "channel"}
    for other in only_elsewhere(database_option("db", click.get_current_context().params)):
        there = [row for row in rows if row["database"]["path"] == str(other.path) and row["id"] in other.ids]
        if not there or other.no_merge:
            continue
        if page.selected:
            source = other.merge_words()
            yield Step(
                f"To bring those of {other.path.name} here:", typed_command(*source, without=of_list, name="merge")
            )
        else:
            title = shortened(title_text(there[0]["title"]), 50)
            yield Step(
                f'To bring "{title}" here from {other.path.name}:', other.merge_command("--from-id", there[0]["id"])
            )


def _next_steps(rows: Sequence[Mapping[str, Any]], found: _Found) -> Iterator[Step]:
    """Yield how to move the sessions that were selected, and how to go on with the first one."""
    params = click.get_current_context().params
    if rows and found.page.chosen and not params["workspace"]:
        of_list = {*DISPLAY_FLAGS, "everywhere", "search", "roots", "workspace", "cursor"}
        words = (*(["--title", params["search"]] if params["search"] else []), "--to-dir", ".")
        yield Step("To move them to this directory:", typed_command(*words, without=of_list, name="move"))
    if found.database is not None:
        yield from steps_with_session(rows, found.dialect, found.database)


def _explain_empty(page: SessionList, request: ListRequest, together: DatabasesList | None) -> None:
    """Say why the list is empty: nothing matches (exit 3), or there is no session. After the last page, say nothing."""
    if request.cursor:
        return
    if page.selected or request.search or request.workspace:
        why = page.why_nothing.rstrip(".") or "No session matches"
        error = NothingMatched("; ".join([why, *page.elsewhere]) + ".")
        if page.of_others:
            error.what_next, error.command = "To look in every project:", typed_command("--all", without={"cursor"})
        raise error
    where = "in these databases" if together else "in this database"
    if page.here:
        every = typed_command("--all", without=DISPLAY_FLAGS) if together else "opencode-migrator list --all"
        where = f"in this project; `{every}` shows every project's"
    note(f"No session {where}.", *(f"{text}." for text in page.elsewhere))
