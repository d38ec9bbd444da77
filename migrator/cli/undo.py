"""`undo`: take a run back."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.command_line import applying_command
from migrator.cli.input.database import note_other_database, only_database
from migrator.cli.input.options import change_options
from migrator.cli.results.confirm import ask_unless_yes, report, show_or_apply, to_compare, write_request
from migrator.errors import BadInput
from migrator.selection.completion import completes
from migrator.text import our_command


@click.command("undo", short_help="Take back a run.")
@click.argument("run", required=False, shell_complete=completes("run"))
@change_options
def command(run: str | None, **values: Any) -> None:
    """Take back RUN (default: the last one). The undo is a run too; `redo` takes it back."""
    from migrator.operations.undo import find_run_to_undo, plan_undo, undo_run

    entry, path, note = find_run_to_undo(run, only_database(values))
    if run is None:
        note_other_database(path, values)
    # The command names the run, so that it takes back what was shown, even if there is another run in between.
    named = [entry.id] if run is None else []
    if entry.unfinished:
        if option := "--html" if values["html"] else "--dry-run" if values["dry_run"] else "":
            written = ["--html", str(values["html"])] if values["html"] else []
            shown = our_command("show", entry.id, *written)
            verb = "writes" if written else "shows"
            raise BadInput(
                f"Run {entry.id} was cut off, and {option} is for a plan; `{shown}` {verb} what is known of it."
            )
        question = f"Run {entry.id} was cut off. Take back what it wrote?"
        ask_unless_yes(question, values, applying_command(*named), note)
        report(undo_run(path, entry.id, write_request(values)), values)
        return
    show_or_apply(
        plan_undo(path, entry.id, to_compare(values)),
        values,
        "Take back",
        command=lambda: applying_command(*named),
        carry_out=lambda write: undo_run(path, entry.id, write),
        whole=our_command("show", entry.id, "--json"),
    )
