"""`projects`: every project that opencode knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.disk.status import is_directory
from migrator.errors import CantTell
from migrator.model import GLOBAL, ListedProject

if TYPE_CHECKING:
    from migrator.model import Project
    from migrator.operations.context import CommandContext


def list_projects(context: CommandContext) -> list[ListedProject]:
    """Return every project row, then the ids that only sessions name."""
    counts = context.store.sessions_per_project()
    listed = [
        ListedProject(project.id, project, counts.pop(project.id, 0), *_exists(project))
        for project in context.store.projects()
    ]
    return listed + [ListedProject(id_, None, number, exists=False) for id_, number in sorted(counts.items())]


def _exists(project: Project) -> tuple[bool | None, str | None]:
    """Return whether its worktree is there; if that can't be told, None and why; None for `global`, which has none."""
    if project.id == GLOBAL:
        return None, None
    try:
        return is_directory(project.worktree), None
    except CantTell as error:
        return None, str(error)
