"""`move`: plan, show, ask, apply."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import (
    SelectingCommand,
    database_options,
    destination_options,
    json_option,
    verbose_option,
    wish,
    writing_options,
)
from migrator.cli.terminal import workbench
from migrator.errors import BadInput


@click.command("move", short_help="Move the selected sessions to a directory.", cls=SelectingCommand)
@destination_options
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@click.option("--allow-split", is_flag=True, hidden=True)
@writing_options
@verbose_option
@json_option
@database_options
def command(**values: Any) -> None:
    """Move the sessions that are selected, whole trees, to a directory.

    Shows what would change and asks first. A PATTERN names directories: the sessions in them and below them are
    meant, and sub-paths are kept.
    """
    if values["allow_split"]:
        raise BadInput(
            "--allow-split is not to be had: a child left behind opens and runs in its old directory, and whoever "
            "deletes its parent deletes it too.",
        )
    with workbench(values) as context:
        plan = context.plan(values, wish(values))
    show_or_apply(plan, values)
