"""`unreadable`: it can't be seen whether the directory is gone."""

from __future__ import annotations

from migrator.model import Certainty
from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule


class Unreadable(DirectoryRule):
    """Permissions, a loop of links, a disk that isn't mounted: the directory may come back, so sessions must stay."""

    name = "unreadable"
    summary = "the directory can't be read, or its disk is not mounted; never moved by itself"
    status = DirectoryStatus.UNREADABLE
    movable = False
    certainty = Certainty.UNKNOWN
