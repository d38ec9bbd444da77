"""`project-drift`: opencode would give the directory another project today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Certainty, Reason
from migrator.orphans.rule import DirectoryStatus, Finding, OrphanRule
from migrator_selectors.orphans._adoption import will_be_mended
from migrator_selectors.orphans._reasons import reason_unless_mended, resolution, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class ProjectDrift(OrphanRule):
    """The project of a directory is looked up under its id, so a session under another id is in no list there.

    Origin added or changed, history rewritten, `.git` removed or initialised, the kept id lost, an id from before
    1.15.13: all of these change the id. From 1.15.13 on opencode moves the sessions along where the repository still
    keeps the old id; until it is started there, another copy that keeps the same id may take them with it (1.18.34).
    Opencode 2 does so once, at its first start in a checkout; a directory in no repository has an id of its own there.
    """

    name = "project-drift"
    summary = "opencode gives the directory another project id today"
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield bindings whose project isn't the directory's, or may not be if git can't say."""
        for binding, sessions in context.bound.items():
            info = context.inspect(binding.directory)
            if binding.project_id == GLOBAL or info.status is not DirectoryStatus.THERE:
                continue  # sessions in `global` are for the rules global-claimed and stranded-in-global
            if info.place is None:
                yield Finding(sessions, Reason(self.name, info.detail, Certainty.UNKNOWN))
            elif info.place.project_id != binding.project_id:
                text = f"bound to project {short(binding.project_id)}; {resolution(info)}"
                mended = will_be_mended(context, binding, info)
                yield Finding(sessions, reason_unless_mended(self.name, text, mended=mended))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if session.project_id == GLOBAL:
            return f"bound to no project, see {'stranded-in-global' if context.is_v2 else 'global-claimed'}"
        return resolution(context.inspect(session.directory))
