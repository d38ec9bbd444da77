"""`project-drift`: opencode would give the directory another project today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import DirectoryStatus, Finding, OrphanRule
from migrator.places.checkout import GLOBAL
from migrator_selectors.orphans._adoption import is_taken_over
from migrator_selectors.orphans._text import MENDS, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Binding, Session
    from migrator.orphans.rule import DirectoryInfo, RuleContext


class ProjectDrift(OrphanRule):
    """The project of a directory is looked up under its id, so a session under another id is in no list there.

    Origin added or changed, history rewritten, `.git` removed or initialised, the kept id lost, an id from before
    1.15.13: all of these change the id. From 1.15.13 on opencode moves the sessions along where the repository still
    keeps the old id; until it is started there, another copy that keeps the same id may take them with it (1.18.34).
    Opencode 2 does so once, at its first start in a checkout; a directory in no repository has an id of its own there.
    """

    name = "project-drift"
    summary = "opencode gives the directory another project id today"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield bindings whose project isn't the directory's; where git can't say, nobody knows."""
        for binding, sessions in context.bound.items():
            info = context.inspect(binding.directory)
            if binding.project_id == GLOBAL or info.status is not DirectoryStatus.THERE:
                continue  # what is global may be claimed, which is another rule's
            if info.place is None:
                yield Finding(sessions, Reason(self.name, info.detail, Certainty.UNKNOWN))
            elif info.place.project_id != binding.project_id:
                yield Finding(sessions, self._reason(context, binding, info))

    def _reason(self, context: RuleContext, binding: Binding, info: DirectoryInfo) -> Reason:
        mended = is_mended(context, binding, info)
        text = f"bound to project {short(binding.project_id)}; {resolved(info)}" + (f"; {MENDS}" if mended else "")
        return Reason(self.name, text, Certainty.LIKELY if mended else Certainty.CERTAIN)

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        """Say what opencode makes of the directory."""
        if session.project_id == GLOBAL:
            return f"bound to no project, see {'stranded-in-global' if context.is_v2 else 'global-claimed'}"
        info = context.inspect(session.directory)
        return resolved(info) if info.place else info.detail


def resolved(info: DirectoryInfo) -> str:
    """Say what opencode makes of a directory that it can resolve, and by which mark."""
    assert info.place is not None  # noqa: S101 - for the type checker
    return f"opencode resolves {info.directory} to {short(info.place.project_id)} today ({info.told_by})"


def is_mended(context: RuleContext, binding: Binding, info: DirectoryInfo) -> bool:
    """Tell whether opencode will move these sessions along itself when the repository is next opened."""
    if context.is_v2:
        return is_taken_over(context, binding, info)
    return context.rekeys and info.kept_id == binding.project_id
