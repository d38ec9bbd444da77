"""`missing-directory`: the directory is gone."""

from __future__ import annotations

from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule


class MissingDirectory(DirectoryRule):
    """Nothing is where the session's directory was: a prompt there fails, and opencode never makes it again.

    A path of another system or container looks the same from here. Seen with 1.18.34: HTTP 500, `run -s` ends with 1.
    """

    name = "missing-directory"
    summary = "the directory does not exist, or only in another Unicode form of its name"
    status = DirectoryStatus.MISSING
