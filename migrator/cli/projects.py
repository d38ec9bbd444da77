"""`projects`: every project that opencode knows."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.database import open_context
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_lines, echo_rows


@click.command("projects", short_help="List every project that opencode knows.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List every project: its worktree, how many sessions it has, whether it still exists."""
    from migrator.operations.projects import list_projects
    from migrator.reporting.project_rows import project_columns, project_rows

    with open_context(values) as context:
        projects = list_projects(context)
    echo_rows(project_rows(projects), form, project_columns(projects))
    echo_lines((f"note: {project.reason}" for project in projects if project.reason), err=True)
