"""`not-a-directory`: a file stands where the directory was."""

from __future__ import annotations

from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule


class NotADirectory(DirectoryRule):
    """A file, or a path below a file: nothing can run there."""

    name = "not-a-directory"
    summary = "a file stands where the directory was"
    status = DirectoryStatus.NOT_A_DIRECTORY
