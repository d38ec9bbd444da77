"""What goes on, and how far it is, as the command line says it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from migrator.text import printable

if TYPE_CHECKING:
    from migrator.progress import Stage

_EVERY_SECONDS = 0.1
_AFTER_SECONDS = 0.3
"""What is done sooner need not be said."""

_BAR = 30


class StageLine(Static):
    """Hears of stages in the thread that works, and shows the innermost that has gone on for a while."""

    DEFAULT_CSS = "StageLine { height: 1; padding: 0 1; display: none; }"

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._stages: list[Stage] = []

    def begin(self, stage: Stage) -> None:
        """Show a stage in place of the one that it is a part of."""
        self._stages.append(stage)

    def end(self, stage: Stage) -> None:
        """Show what it was a part of again."""
        self._stages.remove(stage)

    def on_mount(self) -> None:
        """Follow the work."""
        self.set_interval(_EVERY_SECONDS, self._draw)

    def _draw(self) -> None:
        began_before = time.monotonic() - _AFTER_SECONDS
        shown = [stage for stage in tuple(self._stages) if stage.began < began_before]
        self.display = bool(shown)
        if shown:
            self.update(stage_text(shown[-1]))


def stage_text(stage: Stage) -> Text:
    """Return `Writing: 1,200 of 3,000 sessions` and a bar; what isn't counted has neither."""
    text = Text(printable(stage.what), no_wrap=True)
    if not stage.unit:
        return text.append("...")
    if stage.total is None:
        return text.append(f": {stage.done:,} {stage.unit}")
    text.append(f": {stage.done:,} of {stage.total:,} {stage.unit}  ")
    full = _BAR * stage.done // max(stage.total, 1)
    return text.append("█" * full).append("░" * (_BAR - full), style="dim")
