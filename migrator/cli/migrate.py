"""`migrate` (alias `rebind`): one session and its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import (
    announce_option,
    database_options,
    json_option,
    undo_files_option,
    verbose_option,
    with_forks_option,
    writing_options,
)
from migrator.cli.terminal import workbench

if TYPE_CHECKING:
    from migrator.model import Plan


@click.command("migrate", short_help="Move one session with its tree (alias: rebind).")
@click.argument("session", metavar="SESSION_ID")
@click.argument("directory", default=".", required=False)
@click.option("--project", metavar="P", help="Insist on this project; refused where opencode resolves another.")
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@undo_files_option
@with_forks_option
@announce_option
@writing_options
@verbose_option
@json_option
@database_options
def command(session: str, directory: str, project: str | None, **values: Any) -> None:
    """Move one session, with its tree, to DIRECTORY (default: the current one)."""
    show_or_apply(planned(session, directory, project, values), values)


def planned(session: str, directory: str, project: str | None, values: dict[str, Any]) -> Plan:
    """Plan to move one session with its tree."""
    from migrator.operations.context import MoveRequest

    with workbench(values) as context:
        wished = MoveRequest(
            directory,
            project,
            undo_files=values["undo_files"],
            project_option="--project",
            announce=values["announce"],
            with_forks=values["with_forks"],
        )
        return context.plan({"from_id": (session,)}, wished)
