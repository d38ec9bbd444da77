"""What several rules ask and say: which project opencode takes a directory for, and what it will mend itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Certainty, Reason

if TYPE_CHECKING:
    from migrator.model import Binding
    from migrator.orphans.rule import DirectoryInfo, RuleContext


def short(project_id: str) -> str:
    """Return a project id as people read it."""
    return project_id[:12]


def resolution(info: DirectoryInfo) -> str:
    """Say which project opencode resolves a directory to and by which mark, or why it can't."""
    if info.place is None:
        return info.detail
    return f"opencode resolves {info.directory} to {short(info.place.project_id)} today ({info.id_source})"


def reason_unless_mended(rule: str, evidence: str, *, mended: bool) -> Reason:
    """Return a certain reason, or one that is only likely because opencode mends it itself (`mended`)."""
    if mended:
        return Reason(rule, f"{evidence}; opencode mends this itself when it is next started there", Certainty.LIKELY)
    return Reason(rule, evidence, Certainty.CERTAIN)


def will_be_mended(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode will move these sessions itself when the repository is next opened."""
    if context.is_v2:
        return will_be_adopted(context, binding, info)
    return context.rekeys and info.kept_id == binding.project_id


def will_be_adopted(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode 2 will give these sessions the project of their directory when it is started there.

    It does for those in "global", under the id that opencode 1 left in the repository, and under the directory's own
    id from before `git init`; and only once, as long as it has no `worktree` row of the checkout (read in its source:
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
