"""`missing-directory`: the directory is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.rule import DirectoryStatus
from migrator_selectors.orphans._directory_rule import DirectoryRule

if TYPE_CHECKING:
    from migrator.orphans.rule import DirectoryInfo


class MissingDirectory(DirectoryRule):
    """Nothing is where the session's directory was: a prompt there fails, and opencode never makes it anew.

    A path of another system or container looks the same from here. Seen with 1.18.34: HTTP 500, `run -s` ends with 1.
    """

    name = "missing-directory"
    summary = "the directory does not exist"

    def applies_to(self, info: DirectoryInfo) -> bool:
        """Apply to what isn't there and isn't on a disk that may come back."""
        return info.status is DirectoryStatus.MISSING
