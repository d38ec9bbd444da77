"""`stranded-in-global`: opencode 2 has the session in "global", and its directory is a project there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule
from migrator_selectors.orphans._reasons import resolution, will_be_adopted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import RuleContext


class StrandedInGlobal(OrphanRule):
    """To opencode 2 every directory is of a project, and it lists by project: what is in "global" is in no list there.

    It takes such sessions over when a directory is opened for the first time. Its import of the sessions of opencode 1
    runs beside that and often comes too late (issues 50551, 50800 and 49827 of opencode; read in its source, not run).
    """

    name = "stranded-in-global"
    summary = 'opencode 2 has it in "global", although its directory is a project of its own or in one'
    looks_at = "repository"

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            if not context.is_v2 or binding.project_id != GLOBAL:
                continue
            info = context.inspect(binding.directory)
            if info.place is not None and info.place.project_id != GLOBAL:
                text = f'bound to "global", which opencode 2 lists nowhere; {resolution(info)}'
                if will_be_adopted(context, binding, info):
                    text += "; opencode 2 takes it over when it is first started there"
                yield Finding(sessions, Reason(self.name, text, Certainty.CERTAIN))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        if not context.is_v2:
            return "this is a database of opencode 1, see global-claimed"
        if session.project_id != GLOBAL:
            return "bound to a project"
        return resolution(context.inspect(session.directory))
