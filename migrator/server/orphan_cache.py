"""The lost sessions that were found last, from which the next pages of the same list are served.

A search inspects every directory on the disk. To search for each page would take a hundred times as long for a list of
a hundred pages, and sessions that change meanwhile could be skipped.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.model import Orphan

SECONDS = 60
"""How long after a page the next one may be requested; after that, the search is made again."""


class OrphanCache:
    """Keeps the result of the last search until its last page is served."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rule: str | None = None
        self._found: Sequence[Orphan] | None = None
        self._until = 0.0

    def search(self, rule: str | None, find: Callable[[], Sequence[Orphan]]) -> Sequence[Orphan]:
        """Return what `find` finds with this rule, and keep it."""
        found = find()
        with self._lock:
            self._rule, self._found, self._until = rule, found, time.monotonic() + SECONDS
        return found

    def continued(self, rule: str | None, find: Callable[[], Sequence[Orphan]]) -> Sequence[Orphan]:
        """Return what the last search found, if it was with this rule and is still kept; else search again."""
        with self._lock:
            if self._found is not None and self._rule == rule and time.monotonic() < self._until:
                self._until = time.monotonic() + SECONDS
                return self._found
        return self.search(rule, find)

    def clear(self) -> None:
        """Forget what was found: its last page was served."""
        with self._lock:
            self._found = None
