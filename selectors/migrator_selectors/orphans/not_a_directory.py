"""`not-a-directory`: a file stands where the directory was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule

if TYPE_CHECKING:
    from migrator.orphans.rule import DirectoryInfo


class NotADirectory(DirectoryRule):
    """A file, or a path below a file: nothing can run there."""

    name = "not-a-directory"
    summary = "a file stands where the directory was"

    def applies_to(self, info: DirectoryInfo) -> bool:
        """Apply to files, and to paths below one."""
        return info.status is DirectoryStatus.NOT_A_DIRECTORY
