"""The line of a terminal that says what is going on, and how far it is."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from threading import RLock, Thread
from typing import TYPE_CHECKING, NoReturn

from migrator.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tqdm import tqdm

    from migrator.progress import Stage


class ProgressLine:
    """Shows on a terminal what has been going on for half a second, on a line that is gone when it is done.

    A thread of its own draws, so that the time goes on where nothing is counted, as while git or SQLite work.
    """

    AFTER_SECONDS, EVERY_SECONDS = 0.5, 0.2

    def __init__(self, is_free: Callable[[], bool]) -> None:
        """`is_free` tells whether the terminal may be drawn on."""
        self._is_free = is_free
        self._stages: list[Stage] = []
        self._lock = RLock()
        self._thread: Thread | None = None
        self._shown: tuple[Stage, tqdm[NoReturn]] | None = None
        self._silent_until = 0.0

    def begin(self, stage: Stage) -> None:
        """Show a stage in place of the one that it is a part of."""
        with self._lock:
            if not self._stages:
                self._be_silent()
            self._stages.append(stage)
            if self._thread is None and sys.stderr.isatty():
                self._thread = Thread(target=self._draw_on, daemon=True)
                self._thread.start()

    def end(self, stage: Stage) -> None:
        """Show what it was a part of again."""
        with self._lock:
            self._stages.remove(stage)
            if self._shown and self._shown[0] is stage:
                self._erase()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to others in this block."""
        with self._lock:
            self._erase()
            try:
                yield
            finally:
                self._be_silent()

    def _be_silent(self) -> None:
        self._silent_until = time.monotonic() + self.AFTER_SECONDS

    def _draw_on(self) -> None:
        while True:
            time.sleep(self.EVERY_SECONDS)
            with self._lock:
                if self._stages and time.monotonic() >= self._silent_until and self._is_free():
                    self._draw(self._stages[-1])

    def _draw(self, stage: Stage) -> None:
        if self._shown is None or self._shown[0] is not stage:
            self._erase()
            self._shown = (stage, _bar(stage))
        bar = self._shown[1]
        bar.n = stage.done
        bar.refresh()

    def _erase(self) -> None:
        if self._shown:
            self._shown[1].close()
            self._shown = None


def _bar(stage: Stage) -> tqdm[NoReturn]:
    from tqdm import tqdm

    counted = {"B": "{n_fmt}", "": ""}.get(stage.unit, f"{{n:,}} {stage.unit}")
    form = f"{{desc}}{counted and ': ' + counted} [{{elapsed}}]"
    if stage.total is not None:
        of = "{n_fmt}/{total_fmt}" if stage.unit == "B" else "{n:,}/{total:,}"
        form = f"{{desc}}: {{percentage:3.0f}}%|{{bar}}| {of} {stage.unit or ''} [{{elapsed}}]"
    bar = tqdm(
        desc=printable(stage.what),
        total=stage.total,
        bar_format=form,
        unit_scale=stage.unit == "B",
        leave=False,
        dynamic_ncols=True,
        file=sys.stderr,
    )
    bar.start_t -= time.monotonic() - stage.began
    return bar
