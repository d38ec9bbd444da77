"""`from-macos`: the directory is one of a Mac's, in a database that is on another system now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from migrator.model import Certainty, Reason
from migrator.orphans.rule import DirectoryStatus, Finding, OrphanRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.orphans.rule import RuleContext


class FromMacOS(OrphanRule):
    """Homes are below /Users there. That is a guess, so it is likely at most, and nothing is moved for it."""

    name = "from-macos"
    summary = "the directory is one of a Mac's"
    movable = False

    def find(self, context: RuleContext) -> Iterator[Finding]:
        """Yield bindings to what is gone below /Users."""
        for binding, sessions in context.bound.items():
            if sys.platform != "darwin" and binding.directory.startswith("/Users/"):
                info = context.inspect(binding.directory)
                if info.status is DirectoryStatus.MISSING:
                    text = f"{binding.directory} looks like a directory of a Mac's"
                    yield Finding(sessions, Reason(self.name, text, Certainty.LIKELY))
