"""`redo`: take the last undo back."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.command_line import applying_command
from migrator.cli.input.database import note_other_database, only_database
from migrator.cli.input.options import change_options
from migrator.cli.results.confirm import show_or_apply, to_compare
from migrator.text import our_command


@click.command("redo", short_help="Take the last undo back.")
@change_options
def command(**values: Any) -> None:
    """Bring about again what the last undo took back; after several undos, what the one before took back, and so on.

    If another run came after the undo, take the undo back by its id instead: `undo RUN`. A redo is a run too.
    """
    from migrator.operations.redo import find_run_to_redo
    from migrator.operations.undo import plan_undo, undo_run

    entry, path, _ = find_run_to_redo(only_database(values))
    note_other_database(path, values)
    show_or_apply(
        plan_undo(path, entry.id, to_compare(values)),
        values,
        "Redo what was done to",
        # A report may be read after other undos.
        command=lambda: our_command("undo", entry.id, "--yes") if values["html"] else applying_command(),
        carry_out=lambda write: undo_run(path, entry.id, write),
        whole=our_command("show", entry.id, "--json"),
    )
