"""What the three rules share that only ask what stands where the directory should be."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Session
    from migrator.orphans.rule import Ground, Sight


class StandingRule(OrphanRule):
    """A rule about the directory alone, whatever the session is bound to besides."""

    certainty = Certainty.CERTAIN

    @abstractmethod
    def means(self, sight: Sight) -> bool:
        """Tell whether this is the kind of thing that the rule is about."""

    def find(self, ground: Ground) -> Iterator[Finding]:
        """Yield the sessions of each binding whose directory is of the kind."""
        for binding, sessions in ground.bound.items():
            sight = ground.sight(binding.directory)
            if self.means(sight):
                yield Finding(sessions, Reason(self.name, sight.detail, self.certainty))

    def acquit(self, ground: Ground, session: Session) -> str:
        """Say what is there instead."""
        return ground.sight(session.directory).detail
