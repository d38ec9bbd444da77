"""`undo`: take a run back."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.command_line import applying_command
from migrator.cli.input.database import note_other_database, only_database
from migrator.cli.input.options import database_options, html_option, json_option, verbose_option, writing_options
from migrator.cli.results.confirm import ask_unless_yes, confirm_and_run, report, write_request
from migrator.errors import BadInput
from migrator.selection.completion import completes
from migrator.text import our_command


@click.command("undo", short_help="Take back a run.")
@click.argument("run", required=False, shell_complete=completes("run"))
@writing_options
@html_option
@verbose_option
@json_option
@database_options
def command(run: str | None, **values: Any) -> None:
    """Take back RUN (default: the last one). The undo is a run too; `redo` takes it back."""
    from migrator.operations.undo import find_run_to_undo, plan_undo, undo_run

    entry, path, note = find_run_to_undo(run, only_database(values))
    if run is None:
        note_other_database(path, values)
    # The command names the run, so that it takes back what was shown, even if there is another run in between.
    named = [entry.id] if run is None else []
    if entry.unfinished:
        if values["html"]:
            shown = our_command("show", entry.id, "--html", str(values["html"]))
            raise BadInput(
                f"Run {entry.id} was cut off, and --html is for a plan; `{shown}` writes what is known of it."
            )
        question = f"Run {entry.id} was cut off. Take back what it wrote?"
        ask_unless_yes(question, values, applying_command(*named), note)
        report(undo_run(path, entry.id, write_request(values)), values)
        return
    confirm_and_run(
        plan_undo(path, entry.id),
        values,
        lambda write: undo_run(path, entry.id, write),
        "Take back",
        lambda: applying_command(*named),
        whole=our_command("show", entry.id, "--json"),
    )
