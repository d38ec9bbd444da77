"""`migrate` (alias `rebind`): one session and its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import announce_option, change_options, combine, undo_files_option, with_forks_option
from migrator.cli.results.confirm import show_or_apply
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from migrator.model import Plan

options = combine(
    click.argument("session", metavar="SESSION_ID", shell_complete=completes("session")),
    click.argument("directory", default=".", required=False, shell_complete=completes("directory")),
    click.option(
        "--project",
        metavar="P",
        shell_complete=completes("project"),
        help="Insist on this project; refused where opencode resolves another.",
    ),
    undo_files_option,
    with_forks_option,
    announce_option,
)


@click.command("migrate", short_help="Move one session, and its subagents' (alias: rebind).")
@options
@change_options
def command(**values: Any) -> None:
    """Move one session, with those of its subagents, to DIRECTORY (default: the current one)."""
    show_or_apply(make_plan(values), values)


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    from migrator.arguments import MigrateRequest
    from migrator.operations.migrate import plan_migrate

    names = ("session", "directory", "project", "undo_files", "announce", "with_forks")
    request = MigrateRequest(*(values[name] for name in names))
    with open_context(values) as context:
        return plan_migrate(context, request)
