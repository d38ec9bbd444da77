"""`list`: the session history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.command_line import typed_command
from migrator.cli.database import open_context
from migrator.cli.options import SelectingCommand, database_options, format_options, select_request
from migrator.cli.terminal import echo_lines, echo_rows, echo_warnings, say, width
from migrator.errors import NothingMatched

if TYPE_CHECKING:
    from migrator.arguments import ListRequest
    from migrator.operations.list import SessionList


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
    from migrator.arguments import ListRequest
    from migrator.operations.list import list_sessions
    from migrator.reporting.rows import rows_text
    from migrator.reporting.session_rows import session_columns, session_rows, with_passages

    names = ("everywhere", "roots", "search", "workspace", "limit", "cursor")
    request = ListRequest(select_request(values), **{name: values[name] for name in names})
    with open_context(values) as context:
        page = list_sessions(context, request)
    mixed = len(set(page.held_by.values())) > 1
    columns = session_columns(with_project=not page.here, with_opencode=mixed, width=width())
    rows = session_rows(page.sessions, page.projects, page.passages, page.held_by)
    if page.passages and form == "table":
        echo_lines(with_passages(rows_text(rows, form, columns, width()), rows, width() or 120))
    else:
        echo_rows(rows, form, columns)
    echo_warnings(page.warnings)
    if not page.sessions:
        _explain_empty(page, request)
    if page.next is not None:
        say(f"next: {typed_command('--cursor', str(page.next), without={'cursor'})}", err=True)


def _explain_empty(page: SessionList, request: ListRequest) -> None:
    """Say why the list is empty: nothing matches (exit 3), or there is no session. After the last page, say nothing."""
    if request.cursor:
        return
    if page.selected or request.search or request.workspace:
        raise NothingMatched("; ".join([page.why_nothing.rstrip("."), *page.elsewhere]) + ".")
    where = "in this project; `opencode-migrator list --all` shows every project's" if page.here else "in this database"
    say(f"No session {where}.", err=True)
