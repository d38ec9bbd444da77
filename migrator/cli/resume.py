"""`resume`: finish a run that was cut off."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.command_line import applying_command
from migrator.cli.input.database import only_database
from migrator.cli.input.options import database_options, json_option, writing_options
from migrator.cli.results.confirm import ask_unless_yes, report, write_request
from migrator.selection.completion import completes
from migrator.text import count


@click.command("resume", short_help="Finish a run that was cut off.")
@click.argument("run", required=False, shell_complete=completes("run"))
@writing_options
@json_option
@database_options
def command(run: str | None, **values: Any) -> None:
    """Finish RUN, which was cut off (default: the only one). `undo RUN` takes it back instead."""
    from migrator.operations.resume import find_run_to_resume, resume_run

    entry, path, note = find_run_to_resume(run, only_database(values))
    if entry.unfinished:
        ask_unless_yes(f"Finish run {entry.id} ({count(entry.sessions, 'session')})?", values, applying_command(), note)
    report(resume_run(path, entry.id, write_request(values)), values)
