"""`workspaces`: the jj workspaces and git worktrees of a repository."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import database_options
from migrator.cli.results.listing import echo_rows, listing_options, take_view
from migrator.cli.results.next_steps import nothing_to_do, say_steps_below_rows, step
from migrator.cli.terminal.printing import note, paged
from migrator.reporting.workspace_text import WORKSPACE_COLUMNS, workspace_rows
from migrator.selection.completion import completes


@click.command("workspaces", short_help="List the workspaces of a repository, alive or gone.")
@click.argument("repository", default=".", required=False, shell_complete=completes("project"))
@listing_options(WORKSPACE_COLUMNS)
@database_options
@paged()
def command(repository: str, **values: Any) -> None:
    """List the jj workspaces and git worktrees of a repository, alive or gone, and how many sessions each has.

    REPOSITORY is a directory in any of them (default: the current one), or a project's id or name.
    """
    from migrator.operations.workspaces import left_out_warnings, list_workspaces
    from migrator.reporting.rows import arranged

    view = take_view(values)
    with open_context(values) as context:
        found = list_workspaces(context, repository)
    echo_rows(arranged(workspace_rows(found), view, WORKSPACE_COLUMNS), view, WORKSPACE_COLUMNS)
    note(*(f"note: {warning.message}" for warning in left_out_warnings(found)))
    gather = step("To gather their sessions in the main one:", "consolidate", repository)
    elsewhere = [workspace for workspace, sessions in found.session_counts.items() if sessions and not workspace.main]
    say_steps_below_rows(view.form, [gather if elsewhere else nothing_to_do("workspaces")])
