"""`move`: move the selected sessions to a directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import (
    SelectingCommand,
    announce_option,
    change_options,
    combine,
    select_request,
    subdirs_option,
    to_dir_option,
    undo_files_option,
    with_forks_option,
)
from migrator.cli.results.confirm import show_or_apply
from migrator.errors import BadInput
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from migrator.model import Plan

options = combine(
    to_dir_option("Where they go. Default: the project root of the current directory.", words=["keep"]),
    click.option(
        "--to-project",
        metavar="P|keep",
        shell_complete=completes("project", words=["keep"]),
        help="Insist on this project; refused where opencode resolves another.",
    ),
    subdirs_option,
    undo_files_option,
    with_forks_option,
    announce_option,
)


@click.command("move", short_help="Move the selected sessions to a directory.", cls=SelectingCommand)
@options
@click.option("--allow-split", is_flag=True, hidden=True)
@change_options
def command(**values: Any) -> None:
    """Move the sessions that are selected, with those of their subagents, to a directory.

    Shows what would change and asks first. A PATTERN names directories: the sessions in them and below them are
    meant, and sub-paths are kept.
    """
    if values["allow_split"]:
        raise BadInput(
            "--allow-split is not supported: a child left behind opens and runs in its old directory, and is "
            "deleted with its parent.",
        )
    show_or_apply(make_plan(values), values)


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    from migrator.arguments import MoveRequest
    from migrator.operations.move import plan_move

    request = MoveRequest(
        select_request(values),
        values["to_dir"],
        values["to_project"],
        values["subdirs"],
        values["undo_files"],
        values["announce"],
    )
    with open_context(values) as context:
        return plan_move(context, request)
