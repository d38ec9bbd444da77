"""Hold off Ctrl-C, SIGTERM and SIGHUP until a point at which it is safe to stop."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.places.programs import stopped_by
from migrator.store.signals import ending_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def deferred_interrupts(progress: Callable[[int], None] = lambda _: None) -> Iterator[Callable[[int], None]]:
    """Hold interrupts off until the next call of the yielded progress callback, which then raises KeyboardInterrupt.

    A program that runs, such as git, is stopped at once. Raised anywhere else, it could come between a COMMIT and the
    line that records it. An interrupt after the last call is dropped. Only the main thread receives signals, so in
    other threads nothing is held off.
    """
    received: list[int] = []

    def stop_if_received() -> None:
        if received:
            raise KeyboardInterrupt

    def progress_or_stop(number: int) -> None:
        progress(number)
        stop_if_received()

    if threading.current_thread() is not threading.main_thread():
        yield progress_or_stop
        return
    before = {number: signal.signal(number, lambda number, _: received.append(number)) for number in ending_signals()}
    try:
        with stopped_by(stop_if_received):
            yield progress_or_stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
