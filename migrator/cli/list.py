"""`list`: the session history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.database import open_context
from migrator.cli.options import SelectingCommand, database_options, format_options, select_request
from migrator.cli.terminal import echo_lines, width
from migrator.errors import NothingMatched

if TYPE_CHECKING:
    from migrator.operations.context import CommandContext
    from migrator.selection.query import Query
    from migrator.store.paging import Condition


@click.command("list", cls=SelectingCommand)
@click.option("--all", "-a", "everywhere", is_flag=True, help="Every project, not only what opencode would list here.")
@click.option("--search", metavar="TEXT", help="Sessions whose title contains TEXT.")
@click.option("--roots/--no-roots", default=None, help="Leave out children, or show them too.")
@click.option("--workspace", metavar="ID", help="Sessions of this opencode workspace.")
@click.option("--limit", "--max-count", "-n", type=click.IntRange(0), metavar="N", help="At most N; 0 for all.")
@click.option("--cursor", metavar="C", help="Go on where the page before stopped.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List sessions, newest first.

    Without --all or a selector: what `opencode session list` prints here. That is the roots of this project, at most
    100.
    """
    from migrator.operations.select import make_query
    from migrator.reporting.rows import rows_text
    from migrator.reporting.session_rows import session_columns, session_rows
    from migrator.store.listing import history
    from migrator.store.paging import DEFAULT_LIMIT, Cursor

    with open_context(values) as context:
        query = make_query(context, select_request(values))
        here = not (values["everywhere"] or query.chooses)
        limit = values["limit"] if values["limit"] is not None else (DEFAULT_LIMIT if here else 0)
        limit = min(limit, 2**31)  # SQLite's integers end somewhere
        cursor = Cursor.parse(values["cursor"]) if values["cursor"] else None
        page = history(context.store, _conditions(context, query, values, here=here), cursor, limit)
        rows = session_rows(page.sessions, context.selector_context.projects())
    table = session_columns(with_project=not here, width=width())
    echo_lines(rows_text(rows, form, table, width()), raw=form != "table")
    if not rows:
        _nothing(values, here=here, asked=bool(query.choosing or query.narrowing))
    if page.next is not None:
        click.echo(f"next: --cursor {page.next}", err=True)


def _nothing(values: dict[str, Any], *, here: bool, asked: bool) -> None:
    """Say why the list is empty: nothing fits (exit 3), or there is nothing here, or a page was the last."""
    if values["cursor"]:
        return
    if asked or values["search"] or values["workspace"]:
        raise NothingMatched("No session matches; `opencode-migrator list --all` shows what there is.")
    where = "in this project; `opencode-migrator list --all` shows every project's" if here else "in this database"
    click.echo(f"No session {where}.", err=True)


def _conditions(context: CommandContext, query: Query, values: dict[str, Any], *, here: bool) -> list[Condition]:
    import json

    from migrator.store.paging import ListFilter

    conditions = query.conditions()
    if conditions is None:  # a selector that only Python can answer
        ids = json.dumps([session.id for session in query.sessions(context.store)])
        conditions = [("id IN (SELECT value FROM json_each(?))", (ids,))]
    wanted = ListFilter(
        project_id=context.places.find(".").project_id if here else None,
        roots=values["roots"] if values["roots"] is not None else not query.chooses,
        search=values["search"],
        workspace=values["workspace"],
    )
    return [*conditions, *wanted.conditions(context.store.schema)]
