"""`resume`: finish a run that was cut off."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.confirm import ask, check_database, report, write_request
from migrator.cli.database import only_database
from migrator.cli.options import database_options, json_option, writing_options
from migrator.cli.terminal import on_terminal
from migrator.errors import MigratorError
from migrator.text import count


@click.command("resume", short_help="Finish a run that was cut off.")
@click.argument("run", required=False)
@writing_options
@json_option
@database_options
def command(run: str | None, **values: Any) -> None:
    """Finish RUN, which was cut off (default: the only one). `undo RUN` takes it back instead."""
    from pathlib import Path

    from migrator.execution.run_log import open_run, run_entries
    from migrator.operations.resume import resume_run

    only = only_database(values)
    if run is None:
        unfinished = [entry for entry in run_entries(str(only) if only else None) if entry.unfinished]
        if len(unfinished) != 1:
            named = ", ".join(entry.id for entry in unfinished)
            raise MigratorError(f"Say which run: {named} were cut off." if named else "No run was cut off.")
        entry = unfinished[0]
    else:
        with open_run(run) as journal:
            entry = check_database(journal.entry, only)
    if entry.unfinished and not values["yes"]:
        question = f"Finish run {entry.id} ({count(entry.sessions, 'session')})"
        if not on_terminal():
            raise MigratorError(f"{question}? Nobody can be asked here; add --yes.")
        ask(f"{question}?")
    report(resume_run(Path(entry.store), entry.id, write_request(values)), values)
