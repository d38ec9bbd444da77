"""`protect`: mend the file undo that would delete files, or detach it; nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import SelectingCommand, change_options, select_request, undo_files_option
from migrator.cli.results.confirm import show_or_apply

if TYPE_CHECKING:
    from migrator.model import Plan

options = undo_files_option


@click.command("protect", short_help="Mend file undo that would delete files; move nothing.", cls=SelectingCommand)
@options
@change_options
def command(**values: Any) -> None:
    """Mend the turns that opencode can't undo any more without deleting files, or detach their file undo.

    `doctor --undo` lists these turns. All sessions are looked at, or the selected ones with their trees. If a turn's
    snapshot still exists, but not where opencode looks for it, it is brought there; otherwise an undo of the turn takes
    back the conversation only. All other turns keep their file undo. Nothing moves.
    """
    show_or_apply(make_plan(values), values, "Protect")


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    from migrator.arguments import ProtectRequest
    from migrator.operations.protect import plan_protect

    with open_context(values) as context:
        return plan_protect(context, ProtectRequest(select_request(values), values["undo_files"]))
