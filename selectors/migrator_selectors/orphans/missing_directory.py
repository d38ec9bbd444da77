"""`missing-directory`: the directory is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.orphans.rule import Standing
from migrator_selectors.orphans._directory_rule import StandingRule

if TYPE_CHECKING:
    from migrator.orphans.rule import Sight


class MissingDirectory(StandingRule):
    """Nothing is where the session's directory was: a prompt there fails, and opencode never makes it anew.

    A path of another system or container looks the same from here. Seen with 1.18.34: HTTP 500, `run -s` ends with 1.
    """

    name = "missing-directory"
    summary = "the directory does not exist"

    def means(self, sight: Sight) -> bool:
        """Take what isn't there and isn't on a disk that may come back."""
        return sight.standing is Standing.MISSING
