"""`projects`: every project that opencode knows."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.database import open_context
from migrator.cli.input.options import database_options
from migrator.cli.results.listing import echo_rows, listing_options, take_view
from migrator.cli.results.next_steps import say_steps_below_rows, step
from migrator.cli.terminal.printing import note, paged
from migrator.reporting.project_rows import PROJECT_COLUMNS, PROJECT_SHOWN, project_rows


@click.command("projects", short_help="List every project that opencode knows.")
@listing_options(PROJECT_COLUMNS)
@database_options
@paged()
def command(**values: Any) -> None:
    """List every project, last used first: how many sessions it has, whether its worktree still exists.

    Two more columns are only worked out if they are asked for: `lost`, how many of its sessions `orphans` lists, and
    `size`, how much its conversations take in the database.
    """
    from migrator.operations.projects import list_projects
    from migrator.reporting.rows import arranged

    view = take_view(values)
    asked = {*view.columns, view.sort}
    with open_context(values) as context:
        projects = list_projects(context, lost="lost" in asked, size="size" in asked)
    shown = [*PROJECT_SHOWN, *(name for name in ("lost", "size") if name == view.sort)]
    echo_rows(arranged(project_rows(projects), view, PROJECT_COLUMNS), view, PROJECT_COLUMNS, shown)
    note(*(f"note: {project.reason}" for project in projects if project.reason))
    having = next((project.id for project in projects if project.sessions), None)
    if having:
        say_steps_below_rows(view.form, [step("To list the sessions of one:", "list", "--from-project", having)])
