"""`log`: the runs so far."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import only_database
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_lines, width


@click.command("log", short_help="List the runs so far.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List the runs so far, newest first, and what became of them."""
    from migrator.documents.run import log_row
    from migrator.execution.run_log import logged_runs
    from migrator.reporting.rows import rows_text
    from migrator.text import local_time

    path = only_database(values)
    rows = [log_row(run) for run in logged_runs(str(path) if path else None)]
    columns = {
        "Run": lambda row: row["run"],
        "When": lambda row: local_time(row["started"]),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "Status": lambda row: "undone" if row["undoneBy"] else _status(row["status"]),
        "Command": lambda row: row["command"].removeprefix("opencode-migrator "),
    }
    if not rows:
        click.echo("No run so far.", err=True)
    echo_lines(rows_text(rows, form, columns, width()), raw=form != "table")


def _status(status: str) -> str:
    return "cut off" if status in {"running", "rolling-back"} else status
