"""The signals that end us as KeyboardInterrupt, and whether one came.

SQLite drops what is raised in a function of ours that it calls, and says that the function failed.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_heard: dict[int, float] = {}
"""Each of these signals that came, with the time of a monotonic clock."""

_SAME_HANGUP_SECONDS = 1.0
"""A terminal that is closed sends SIGHUP twice, the kernel and the shell each: that is one end.

One that comes later counts again: Python drops what is raised while `input()` writes its question.
"""


def ending_signals() -> list[signal.Signals]:
    """Return the signals that end us: Ctrl-C, SIGTERM, and where there is one, that of a terminal that was closed.

    What is ignored stays so: Ctrl-C in the background of a shell, the terminal's end with nohup.
    """
    of_terminal = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    heard = [number for number in of_terminal if signal.getsignal(number) is not signal.SIG_IGN]
    return [signal.SIGTERM, *heard]


def hear_interrupts() -> None:
    """Raise KeyboardInterrupt at these signals from now on."""
    for number in ending_signals():
        signal.signal(number, _interrupt)


def hear_no_more() -> None:
    """Ignore these signals from now on: a command has ended, and says its last words."""
    for number in ending_signals():
        signal.signal(number, signal.SIG_IGN)


def is_interrupted() -> bool:
    """Tell whether one came."""
    return bool(_heard)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if number == getattr(signal, "SIGHUP", None) and now - _heard.get(number, float("-inf")) < _SAME_HANGUP_SECONDS:
        return
    _heard[number] = now
    raise KeyboardInterrupt
