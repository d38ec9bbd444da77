"""Ctrl-C and SIGTERM as KeyboardInterrupt, and whether one came.

SQLite drops what is raised in a function of ours that it calls, and says that the function failed.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_heard: list[int] = []


def hear_interrupts() -> None:
    """Raise KeyboardInterrupt at Ctrl-C and SIGTERM from now on; a Ctrl-C that is ignored stays so."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)


def is_interrupted() -> bool:
    """Tell whether one came."""
    return bool(_heard)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _heard.append(number)
    raise KeyboardInterrupt
