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
    from migrator.operations.log import list_runs
    from migrator.reporting.log_rows import COLUMNS, log_rows

    rows = log_rows(list_runs(only_database(values)))
    if not rows:
        click.echo("No run so far.", err=True)
    echo_rows(rows, form, COLUMNS)
