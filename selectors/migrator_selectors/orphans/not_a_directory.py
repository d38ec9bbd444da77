"""`not-a-directory`: a file stands where the directory was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.rule import Standing
from migrator_selectors.orphans._directory_rule import StandingRule

if TYPE_CHECKING:
    from migrator.orphans.rule import Sight


class NotADirectory(StandingRule):
    """A file, or a path below a file: nothing can run there."""

    name = "not-a-directory"
    summary = "a file stands where the directory was"

    def means(self, sight: Sight) -> bool:
        """Take files and what would be below one."""
        return sight.standing is Standing.NOT_A_DIRECTORY
