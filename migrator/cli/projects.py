"""`projects`: every project that opencode knows."""

from __future__ import annotations

import os
from typing import Any

import click

from migrator.cli.database import open_context
from migrator.cli.options import database_options, format_options
from migrator.cli.terminal import echo_lines, width


@click.command("projects", short_help="List every project that opencode knows.")
@format_options
@database_options
def command(form: str, **values: Any) -> None:
    """List every project: its worktree, how many sessions it has, whether it still exists."""
    from migrator.reporting.rows import rows_text
    from migrator.text import tilde

    with open_context(values) as context:
        projects = context.store.projects()
        sessions = context.store.sessions_per_project()
    labels = {project.id: project.label for project in projects}
    rows: list[dict[str, Any]] = [
        {
            "id": project.id,
            "name": project.name,
            "worktree": project.worktree,
            "vcs": project.vcs,
            "sessions": sessions.pop(project.id, 0),
            "exists": os.path.isdir(project.worktree),
        }
        for project in projects
    ]
    rows += [
        {"id": id_, "name": None, "worktree": None, "vcs": None, "sessions": number, "exists": False}
        for id_, number in sorted(sessions.items())
    ]
    table = {
        "Project": lambda row: row["id"][:12],
        "Name": lambda row: labels.get(row["id"], ""),
        "Sessions": lambda row: f"{row['sessions']:,}",
        "VCS": lambda row: row["vcs"] or "",
        "Exists": lambda row: "yes" if row["exists"] else "no",
        "Worktree": lambda row: tilde(row["worktree"]) if row["worktree"] else "(no project row)",
    }
    echo_lines(rows_text(rows, form, table, width()), raw=form != "table")
