"""`log`: the runs so far."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import only_database
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_rows


@click.command("log", short_help="List the runs so far.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List the runs so far, newest first, and what became of them."""
    from migrator.documents.run import log_row
    from migrator.execution.run_log import UnreadableRuns
    from migrator.operations.log import list_runs, logged
    from migrator.text import local_time

    unreadable = None
    try:
        runs = list_runs(only_database(values))
    except UnreadableRuns as error:
        runs, unreadable = logged(error.entries), error
    rows = [log_row(run) for run in runs]
    columns = {
        "Run": lambda row: row["run"],
        "When": lambda row: local_time(row["started"]),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "Status": lambda row: "undone" if row["undoneBy"] else _status(row["status"]),
        "Command": lambda row: row["command"].removeprefix("opencode-migrator "),
    }
    if not (rows or unreadable):
        click.echo("No run so far.", err=True)
    echo_rows(rows, form, columns)
    if unreadable:
        raise unreadable


def _status(status: str) -> str:
    return "cut off" if status in {"running", "rolling-back"} else status
