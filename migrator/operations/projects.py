"""`projects`: every project that opencode knows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory
from migrator.errors import CantTell
from migrator.model import GLOBAL, ListedProject

if TYPE_CHECKING:
    from migrator.model import Project
    from migrator.operations.context import CommandContext


def list_projects(context: CommandContext, *, lost: bool = False, size: bool = False) -> list[ListedProject]:
    """Return every project row, and the ids that only sessions name, those with the last used session first.

    What takes long is only worked out if it is asked for: `lost` sessions as `orphans` finds them, and the `size` of
    all messages in bytes.
    """
    used = context.store.sessions_per_project()
    known = {project.id: project for project in context.store.projects()}
    lost_sessions = _lost(context) if lost else None
    sizes = context.store.size_per_project() if size else None
    listed = []
    for id_ in [*known, *sorted(used.keys() - known.keys())]:
        project, (sessions, updated) = known.get(id_), used.get(id_, (0, None))
        exists, reason = _exists(project) if project else (False, None)
        lost_here = None if lost_sessions is None else lost_sessions[id_]
        size_here = None if sizes is None else sizes.get(id_, 0)
        listed.append(ListedProject(id_, project, sessions, exists, reason, updated, lost_here, size_here))
    return sorted(listed, key=lambda each: -(each.updated or 0))


def _lost(context: CommandContext) -> Counter[str]:
    """Return how many lost sessions each project has."""
    from migrator.arguments import OrphansRequest
    from migrator.operations.orphans import list_orphans

    return Counter(orphan.session.binding.project_id for orphan in list_orphans(context, OrphansRequest()).orphans)


def _exists(project: Project) -> tuple[bool | None, str | None]:
    """Return whether its worktree is there; if that can't be told, None and why; None for `global`, which has none."""
    if project.id == GLOBAL:
        return None, None
    try:
        return is_directory(project.worktree), None
    except CantTell as error:
        return None, str(error)
