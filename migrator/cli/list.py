"""`list`: the session history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.command_line import DISPLAY_FLAGS, typed_command
from migrator.cli.database import open_context
from migrator.cli.listing import echo_rows, listing_options, take_view, with_short_ids
from migrator.cli.next_steps import say_steps, say_steps_below_rows, steps_with_session
from migrator.cli.options import SelectingCommand, database_options, select_request
from migrator.cli.terminal import echo_warnings, note, paged, say
from migrator.errors import NothingMatched
from migrator.reporting.next_steps import Step
from migrator.reporting.session_rows import SESSION_COLUMNS
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.arguments import ListRequest
    from migrator.operations.list import SessionList


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
@database_options
@paged()
def command(**values: Any) -> None:
    """List sessions, newest first.

    Without --all or a selector: what `opencode session list` prints here. That is the roots of this project, at most
    100. On a terminal, no list is longer unless --limit says so.
    """
    from migrator.arguments import ListRequest
    from migrator.operations.list import gone_directories, list_sessions
    from migrator.reporting.rows import arranged
    from migrator.reporting.session_rows import passage_lines, session_columns_shown, session_rows
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
    gone: Collection[str] = ()
    with open_context(values) as context:
        page = list_sessions(context, request)
        view = with_short_ids(view, page.sessions, context.store)
        if view.width and view.form == "table":
            gone = gone_directories(page.sessions)
        dialect = context.store.schema.dialect
    mixed = len(set(page.held_by.values())) > 1
    shown = session_columns_shown(with_project=not page.here, with_opencode=mixed, width=view.width)
    rows = [*arranged(session_rows(page.sessions, page.projects, page.passages, page.held_by), view, SESSION_COLUMNS)]
    if view.form == "table":
        rows = [{**row, "gone": row["directory"] in gone} for row in rows]
    echo_rows(rows, view, SESSION_COLUMNS, shown, partial(passage_lines, width=view.width or 120))
    echo_warnings(page.warnings)
    if not page.sessions:
        _explain_empty(page, request)
    if view.limit and page.total is not None and page.total > view.limit:
        every = typed_command("--limit", "0", without={"cursor", "limit"})
        shown_of = f"{min(view.limit, len(rows)):,} of {count(page.total, 'session')} shown. To see all of them:"
        say_steps([Step(shown_of, every)], err=True)
    if page.next is not None:
        say(f"next: {typed_command('--cursor', str(page.next), without={'cursor'})}", err=True)
    say_steps_below_rows(view.form, _next_steps(rows, page, dialect))


def _next_steps(rows: Sequence[Mapping[str, Any]], page: SessionList, dialect: str) -> Iterator[Step]:
    """Yield how to move the sessions that were selected, and how to go on with the first one."""
    if rows and page.selected:
        of_list = {*DISPLAY_FLAGS, "everywhere", "search", "roots", "workspace", "cursor"}
        yield Step("To move them to this directory:", typed_command("--to-dir", ".", without=of_list, name="move"))
    yield from steps_with_session(rows, dialect)


def _explain_empty(page: SessionList, request: ListRequest) -> None:
    """Say why the list is empty: nothing matches (exit 3), or there is no session. After the last page, say nothing."""
    if request.cursor:
        return
    if page.selected or request.search or request.workspace:
        error = NothingMatched("; ".join([page.why_nothing.rstrip("."), *page.elsewhere]) + ".")
        if page.of_others:
            error.what_next, error.command = "To look in every project:", typed_command("--all", without={"cursor"})
        raise error
    where = "in this project; `opencode-migrator list --all` shows every project's" if page.here else "in this database"
    note(f"No session {where}.")
