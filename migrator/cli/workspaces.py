"""`workspaces`: the jj workspaces and git worktrees of a repository."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import open_context
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_lines, width


@click.command("workspaces", short_help="List the workspaces of a repository, alive or gone.")
@click.argument("repository", default=".", required=False)
@format_options
@database_options
def command(repository: str, form: str, **values: Any) -> None:
    """List the jj workspaces and git worktrees of a repository, alive or gone, and how many sessions each has.

    REPOSITORY is a directory in any of them (default: the current one).
    """
    from migrator.operations.consolidate import left_out_warnings
    from migrator.reporting.rows import rows_text
    from migrator.reporting.workspace_tree import state_words
    from migrator.text import one_line, tilde

    with open_context(values) as context:
        found = context.selector_context.workspaces(repository, "REPOSITORY")
    workspaces = {workspace.path: workspace for workspace in found.repository.workspaces}
    rows: list[dict[str, Any]] = [
        {
            "name": workspace.name,
            "path": workspace.path,
            "kind": workspace.kind,
            "state": workspace.state.value,
            "main": workspace.main,
            "locked": workspace.locked,
            "formerly": list(workspace.formerly),
            "sessions": found.session_counts.get(workspace, 0),
            "evidence": workspace.evidence or None,
            "repository": found.repository.home,
        }
        for workspace in workspaces.values()
    ]
    table = {
        "Name": lambda row: row["name"],
        "Kind": lambda row: row["kind"],
        "State": lambda row: state_words(workspaces[row["path"]]),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "Directory": lambda row: tilde(row["path"]),
    }
    echo_lines(rows_text(rows, form, table, width()), raw=form != "table")
    echo_lines((f"note: {one_line(remark.message)}" for remark in left_out_warnings(found)), err=True)
