"""`consolidate`: the sessions of all workspaces of a repository move to one of them."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import consolidating_options, database_options, json_option, verbose_option, writing_options
from migrator.cli.terminal import echo_lines, width, workbench


@click.command("consolidate", short_help="Gather the sessions of all workspaces of a repository.")
@consolidating_options
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@writing_options
@verbose_option
@json_option
@database_options
def command(**values: Any) -> None:
    """Move the sessions of all jj workspaces and git worktrees of a repository to its main working copy.

    REPOSITORY is a directory in any of its workspaces (default: the current one). Those that are gone count too, as
    far as jj, git or the database remembers them; sub-paths are kept.
    """
    from migrator.operations.consolidate import plan_consolidation

    with workbench(values) as context:
        plan, found = plan_consolidation(context, values["repository"], values)
    if not values["as_json"] and (values["verbose"] or values["dry_run"] or not values["yes"]):
        from migrator.reporting.workspace_tree import workspace_tree

        echo_lines([*workspace_tree(found, plan, width() or 80), ""])
    show_or_apply(plan, values)
