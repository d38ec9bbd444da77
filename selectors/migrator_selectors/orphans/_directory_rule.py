"""The base of the three rules that only ask what is on the disk at the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import DirectoryStatus, RuleContext


class DirectoryRule(OrphanRule):
    """Finds sessions whose directory has this `status`, whatever their project."""

    status: DirectoryStatus
    looks_at = "directory"
    certainty = Certainty.CERTAIN

    def find(self, context: RuleContext) -> Iterator[Finding]:
        for binding, sessions in context.bound.items():
            info = context.inspect(binding.directory)
            if info.status is self.status:
                yield Finding(sessions, Reason(self.name, info.detail, self.certainty))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        return context.inspect(session.directory).detail
