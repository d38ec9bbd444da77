"""The base of the three rules that only ask what is on the disk at the directory."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import DirectoryInfo, RuleContext


class DirectoryRule(OrphanRule):
    """A rule about the directory alone, whatever the project of the session."""

    certainty = Certainty.CERTAIN

    @abstractmethod
    def applies_to(self, info: DirectoryInfo) -> bool:
        """Tell whether the rule finds the sessions of this directory."""

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield the sessions of each binding that the rule applies to."""
        for binding, sessions in context.bound.items():
            info = context.inspect(binding.directory)
            if self.applies_to(info):
                yield Finding(sessions, Reason(self.name, info.detail, self.certainty))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        """Say what is there instead."""
        return context.inspect(session.directory).detail
