"""Foretell which sessions opencode binds to another project itself when it is next started in their directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL
from migrator.paths import is_within, normalise, path_below

if TYPE_CHECKING:
    from migrator.model import Binding, Project
    from migrator.orphans.rule import DirectoryInfo, RuleContext


def will_be_mended(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode will move these sessions itself when the repository is next opened."""
    if context.is_v2:
        return will_be_adopted(context, binding, info)
    return context.rekeys and info.kept_id == binding.project_id


def will_be_adopted(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode 2 will bind these sessions to project and path of their directory when it starts there."""
    return not why_not_adopted(context, binding, info)


def why_not_adopted(context: RuleContext, binding: Binding, info: DirectoryInfo) -> str:
    """Return why opencode 2 won't do so, in words that follow "it takes over only"; "" if it will.

    At its first start in a checkout it takes over, for the main worktree and then for the checkout itself, what is
    stored below it in "global" or under the id that opencode 1 left in the repository, and all of the projects of plain
    directories that are in the repository now, since `git init`. What it has taken over once has the path that it got
    then. A directory stored through a symlink is below no checkout, since the path of a checkout is real. (Read in its
    source of October 2026: Project.resolve and the projection of worktree.resolved; in part run.)
    """
    place, project = info.place, context.projects.get(binding.project_id)
    if place is None or place.vcs is None:
        return "what is in a repository"
    if binding.workspace_id is not None:
        return "sessions in no workspace"
    if project is None:
        return "sessions of a project that has a row"
    tops = dict.fromkeys((place.project_worktree, place.worktree))
    unseen = [top for top in tops if (place.project_id, top) not in context.resolved]
    for top in unseen:
        if _is_plain_within(context, project, top):
            directory = project.worktree
        elif binding.project_id in {GLOBAL, info.kept_id} and is_within(binding.directory, top):
            directory = normalise(binding.directory)
        else:
            continue
        if is_within(directory, top):
            return "" if path_below(directory, top) == place.path else f"what is at the right path below {top}"
    return f"what is stored below {unseen[-1]}" if unseen else "at its first start in a checkout"


def _is_plain_within(context: RuleContext, project: Project, top: str) -> bool:
    """Tell whether a project is that of a plain directory which is in the repository at `top` now."""
    if project.vcs is not None or not is_within(project.worktree, top):
        return False
    place = context.inspect(project.worktree).place
    return place is not None and place.worktree == top
