"""The lost sessions that were found last, for whoever goes on to the next page of them.

Every look asks the disk about every directory: for each page anew, a list of a hundred pages would take a hundred times
as long as it need, and what changes meanwhile could be skipped.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.model import Orphan

SECONDS = 60
"""How long after a page the next one may be asked for; later it is looked for anew."""


class OrphanCache:
    """The last look of all: at most one is kept, and none whose last page was given out."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rule: str | None = None
        self._found: Sequence[Orphan] | None = None
        self._until = 0.0

    def first(self, rule: str | None, look: Callable[[], Sequence[Orphan]]) -> Sequence[Orphan]:
        """Return what `look` finds of this rule, and keep it."""
        found = look()
        with self._lock:
            self._rule, self._found, self._until = rule, found, time.monotonic() + SECONDS
        return found

    def next(self, rule: str | None, look: Callable[[], Sequence[Orphan]]) -> Sequence[Orphan]:
        """Return what was found before, if it is still there."""
        with self._lock:
            if self._found is not None and self._rule == rule and time.monotonic() < self._until:
                self._until = time.monotonic() + SECONDS
                return self._found
        return self.first(rule, look)

    def over(self) -> None:
        """Let what was found go: nobody needs it for a next page."""
        with self._lock:
            self._found = None
