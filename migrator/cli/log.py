"""`log`: the runs so far."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import only_database
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_rows, say


@click.command("log", short_help="List the runs so far.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List the runs so far, newest first, and what became of them.

    Where they are on several databases, or on one that was moved, it says which has their rows now.
    """
    from migrator.documents.run import log_row
    from migrator.execution.run_log import UnreadableRuns
    from migrator.operations.log import list_runs, logged
    from migrator.operations.run_databases import as_recorded
    from migrator.store.location import default_database
    from migrator.text import count, local_time

    named, unreadable = only_database(values), None
    try:
        runs = list_runs(named)
    except UnreadableRuns as error:
        runs, unreadable = logged(as_recorded(error.entries)), error
    rows = [log_row(run) for run in runs]
    columns = {
        "Run": lambda row: row["run"],
        "When": lambda row: local_time(row["started"]),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "Status": lambda row: "undone" if row["undoneBy"] else _status(row),
        "Command": lambda row: row["command"].removeprefix("opencode-migrator "),
    }
    if {row["database"] for row in rows} - {str(named or default_database())}:
        columns["Database"] = lambda row: row["database"] or f"not found; it was {row['store']}"
    if not (rows or unreadable):
        others = len(list_runs()) if named else 0
        of = f" of {named}; `opencode-migrator log` lists {count(others, 'run')} of others" if others else " so far"
        say(f"No run{of}.", err=True)
    echo_rows(rows, form, columns)
    if unreadable:
        raise unreadable


def _status(row: dict[str, Any]) -> str:
    if row["status"] not in {"running", "rolling-back"}:
        return str(row["status"])
    return {True: "cut off", False: "going on", None: "cut off or going on"}[row["cutOff"]]
