"""`log`: the runs so far."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import only_database
from migrator.cli.listing import echo_rows, listing_options, take_view
from migrator.cli.options import database_options
from migrator.cli.terminal import paged, say
from migrator.reporting.run_rows import RUN_COLUMNS, RUN_SHOWN


@click.command("log", short_help="List the runs so far.")
@listing_options(RUN_COLUMNS)
@database_options
@paged()
def command(**values: Any) -> None:
    """List the runs so far, newest first, and what became of them.

    Where they are on several databases, or on one that was moved, it says which has their rows now.
    """
    from migrator.documents.run import log_row
    from migrator.execution.run_log import UnreadableRuns
    from migrator.operations.log import list_runs, logged
    from migrator.operations.run_databases import as_recorded
    from migrator.store.location import default_database
    from migrator.text import count

    view = take_view(values)
    named, unreadable = only_database(values), None
    try:
        runs = list_runs(named)
    except UnreadableRuns as error:
        runs, unreadable = logged(as_recorded(error.entries)), error
    rows = [log_row(run) for run in runs]
    elsewhere = {row["database"] for row in rows} - {str(named or default_database())}
    if not (rows or unreadable):
        others = len(list_runs()) if named else 0
        of = f" of {named}; `opencode-migrator log` lists {count(others, 'run')} of others" if others else " so far"
        say(f"No run{of}.", err=True)
    echo_rows(rows, view, RUN_COLUMNS, [*RUN_SHOWN, *(["database"] if elsewhere else [])])
    if unreadable:
        raise unreadable
