"""Ctrl-C and SIGTERM, held off until a point where stopping is safe."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def deferred_interrupts(progress: Callable[[int], None] = lambda _: None) -> Iterator[Callable[[int], None]]:
    """Hold interrupts off, but for calls of the progress callback that is yielded, which raises KeyboardInterrupt.

    Raised just anywhere, it would come between a COMMIT and the line that knows of it. An interrupt that comes after
    the last call is dropped. Signals are the main thread's; elsewhere there is nothing to hold.
    """
    came: list[int] = []

    def progress_or_stop(number: int) -> None:
        progress(number)
        if came:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield progress_or_stop
        return
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield progress_or_stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
