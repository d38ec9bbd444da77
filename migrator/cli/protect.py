"""`protect`: mend the file undo that would delete files, or detach it; nothing moves."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import (
    SelectingCommand,
    database_options,
    json_option,
    undo_files_option,
    verbose_option,
    writing_options,
)
from migrator.cli.terminal import workbench


@click.command("protect", short_help="Mend file undo that would delete files; move nothing.", cls=SelectingCommand)
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@undo_files_option
@writing_options
@verbose_option
@json_option
@database_options
def command(**values: Any) -> None:
    """Mend the turns that opencode can't undo any more without deleting files, or detach their file undo.

    Of every session, or of those that are selected, whole trees. Where a turn's snapshot is still there, only not
    where opencode looks, it is brought there; else an undo then takes back the conversation only. All other turns
    keep their file undo. Nothing moves. `doctor --undo` tells which turns are meant.
    """
    with workbench(values) as context:
        plan = context.plan_protection(values)
    show_or_apply(plan, values, "Protect")
