"""`consolidate`: the sessions of all workspaces of a repository move to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import (
    announce_option,
    change_options,
    combine,
    subdirs_option,
    to_dir_option,
    undo_files_option,
)
from migrator.cli.results.confirm import show_or_apply
from migrator.cli.terminal.printing import say, width
from migrator.selection.completion import completes

if TYPE_CHECKING:
    from migrator.model import Plan
    from migrator.workspaces.model import RepositorySessions

options = combine(
    click.argument("repository", default=".", required=False, shell_complete=completes("project")),
    to_dir_option("Where they go. Default: the main working copy."),
    click.option(
        "--only",
        multiple=True,
        metavar="PATTERN",
        help="Only the workspaces with this name; with a slash in it: in this directory.",
    ),
    click.option("--except", "but", multiple=True, metavar="PATTERN", help="Not these workspaces."),
    subdirs_option,
    undo_files_option,
    announce_option,
)


@click.command("consolidate", short_help="Gather the sessions of all workspaces of a repository.")
@options
@change_options
def command(**values: Any) -> None:
    """Move the sessions of all jj workspaces and git worktrees of a repository to its main working copy.

    REPOSITORY is a directory in any of its workspaces (default: the current one), or a project's id or name. Workspaces
    that are gone are included, as far as jj, git or the database remembers them; sub-paths are kept.
    """
    plan, found = _plan(values)
    if (
        values["form"] == "text"
        and not values["as_json"]
        and (values["verbose"] or values["dry_run"] or not values["yes"])
    ):
        from migrator.reporting.workspace_text import workspace_tree

        say(*workspace_tree(found, plan, width() or 80), "")
    show_or_apply(plan, values)


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options."""
    return _plan(values)[0]


def _plan(values: dict[str, Any]) -> tuple[Plan, RepositorySessions]:
    from migrator.arguments import ConsolidateRequest
    from migrator.operations.consolidate import plan_consolidate

    request = ConsolidateRequest(
        values["repository"],
        values["to_dir"],
        values["only"],
        values["but"],
        values["subdirs"],
        values["undo_files"],
        values["announce"],
    )
    with open_context(values) as context:
        return plan_consolidate(context, request)
