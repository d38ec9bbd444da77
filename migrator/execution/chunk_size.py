"""How many sessions a chunk takes: a fixed number, or as many as can be written in a quarter of a second.

A session may be one row or carry thousands of message parts, so a fixed number is either slow (a chunk costs two
syncs of the disk) or holds one transaction for seconds; see benchmarks/README.md for both.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 0.25
FIRST = 250
MOST = 10_000
_STEP = 4


class ChunkSizer:
    """Chooses the size of each chunk; with `fixed` None it follows the time that the last one took."""

    def __init__(self, fixed: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._fixed = fixed
        self._clock = clock
        self._began = 0.0
        self.size = fixed or FIRST

    def start(self) -> None:
        """Begin a chunk of `size` sessions."""
        self._began = self._clock()

    def stop(self) -> None:
        """End the chunk and choose the size of the next: at most four times as large, or a quarter."""
        if self._fixed is None:
            factor = SECONDS / max(self._clock() - self._began, 1e-9)
            self.size = max(1, min(int(self.size * min(max(factor, 1 / _STEP), _STEP)), MOST))
