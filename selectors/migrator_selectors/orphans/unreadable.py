"""`unreadable`: it can't be seen whether the directory is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Certainty
from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule

if TYPE_CHECKING:
    from migrator.orphans.rule import DirectoryInfo


class Unreadable(DirectoryRule):
    """Permissions, a loop of links, a disk that isn't mounted: the directory may come back, so sessions must stay."""

    name = "unreadable"
    summary = "the directory can't be read, or its disk is not mounted; never moved by itself"
    movable = False
    certainty = Certainty.UNKNOWN

    def applies_to(self, info: DirectoryInfo) -> bool:
        """Apply to what can't be looked at."""
        return info.status is DirectoryStatus.UNREADABLE
