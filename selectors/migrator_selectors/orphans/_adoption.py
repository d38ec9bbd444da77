"""When opencode 2 adopts sessions by itself: once, at its first start in a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.places.checkout import GLOBAL

if TYPE_CHECKING:
    from migrator.model import Binding
    from migrator.orphans.rule import DirectoryInfo, RuleContext


def will_be_adopted(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode 2 will give these sessions the project of their directory when it is started there.

    It does for those in "global", under the id that opencode 1 left in the repository, and under the directory's own
    id from before `git init`; and only as long as it has no `worktree` row of the checkout (read in its source:
    Project.resolve and the projection of worktree.resolved).
    """
    place = info.place
    if place is None or binding.workspace_id is not None or binding.project_id not in context.projects:
        return False
    if (place.project_id, place.worktree) in context.resolved:
        return False
    if binding.project_id in {GLOBAL, info.kept_id}:
        return True
    project = context.projects[binding.project_id]
    if project.vcs is not None or place.vcs is None:
        return False
    project_place = context.inspect(project.worktree).place
    return project_place is not None and project_place.worktree == place.worktree
