"""`global-claimed`: bound to no project, and the directory is in a repository now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL
from migrator.orphans.rule import Finding, OrphanRule
from migrator_selectors.orphans._reasons import reason_unless_mended, resolution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class GlobalClaimed(OrphanRule):
    """After `git init` the old sessions are in no list there.

    opencode adopts those whose directory is exactly the top of the checkout when it is started in it; those below stay
    behind (1.2.27 to 1.18.34; 1.2.1 tries and fails). What opencode 2 has in "global" is for stranded-in-global.
    """

    name = "global-claimed"
    summary = "bound to no project, although the directory is inside a repository now"
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            if binding.project_id != GLOBAL or context.is_v2:
                continue
            info = context.inspect(binding.directory)
            if info.place is not None and info.place.project_id != GLOBAL:
                mended = context.adopts and binding.directory == info.place.worktree
                text = f"bound to no project; {resolution(info)}"
                yield Finding(sessions, reason_unless_mended(self.name, text, mended=mended))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if context.is_v2:
            return "this is a database of opencode 2, see stranded-in-global"
        if session.project_id != GLOBAL:
            return "bound to a project"
        return resolution(context.inspect(session.directory))
