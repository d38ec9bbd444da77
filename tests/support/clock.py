"""A clock that is wrong, as after a dead battery, a restored virtual machine or a wrong time zone."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from tests.support import forked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home

DAY = 86_400


def run(home: Home, *words: str | Path, seconds: float, first: Callable[[], object] | None = None) -> Finished:
    """Run `opencode-migrator WORDS` while the clock is so many seconds ahead, or behind if that is negative."""
    return forked.run([*map(str, words)], home.env(), home.path, first=partial(_set, seconds, first))


def _set(seconds: float, first: Callable[[], object] | None) -> None:
    now, now_ns = time.time, time.time_ns
    setattr(time, "time", lambda: now() + seconds)  # noqa: B010 - mypy knows no other way
    setattr(time, "time_ns", lambda: now_ns() + int(seconds * 1e9))  # noqa: B010 - as above
    if first is not None:
        first()
