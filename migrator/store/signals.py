"""The signals that end us as KeyboardInterrupt, and whether one came.

SQLite drops what is raised in a function of ours that it calls, and says that the function failed.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_heard: list[int] = []


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


def is_interrupted() -> bool:
    """Tell whether one came."""
    return bool(_heard)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    is_again = number in _heard and number == getattr(signal, "SIGHUP", None)  # the kernel sends one, the shell another
    _heard.append(number)
    if not is_again:
        raise KeyboardInterrupt
