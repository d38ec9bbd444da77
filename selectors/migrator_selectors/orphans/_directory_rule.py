"""What the three rules share that only ask what stands where the directory should be."""

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
    """A rule about the directory alone, whatever the session is bound to besides."""

    certainty = Certainty.CERTAIN

    @abstractmethod
    def means(self, info: DirectoryInfo) -> bool:
        """Tell whether this is the kind of thing that the rule is about."""

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield the sessions of each binding whose directory is of the kind."""
        for binding, sessions in context.bound.items():
            info = context.inspect(binding.directory)
            if self.means(info):
                yield Finding(sessions, Reason(self.name, info.detail, self.certainty))

    def explain_pass(self, context: RuleContext, session: Session) -> str:
        """Say what is there instead."""
        return context.inspect(session.directory).detail
