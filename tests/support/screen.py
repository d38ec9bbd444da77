"""The terminal UI without a terminal: keys go in, and what a person would see comes out as lines of text."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from textual.events import Key

from migrator.tui.app import MigratorApp
from migrator.tui.database import Database
from migrator.tui.keys import now
from migrator.tui.orphans import TieScreen
from migrator.tui.plan import PlanScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot
    from textual.strip import Strip

    from migrator.arguments import SelectRequest

SCREENS = Path(__file__).parents[1] / "tui" / "screens"
PATIENCE_SECONDS = 60
QUIET = 3
PROJECT = re.compile(r"\b[0-9a-f]{12}\b")
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


class Shown:
    """A UI that runs; `press` waits until what the keys began is done."""

    def __init__(self, app: MigratorApp, pilot: Pilot[None]) -> None:
        self.app, self._pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def paste(self, *keys: str) -> None:
        """Press keys faster than anything can follow."""
        for key in keys:
            self.app.post_message(Key(key, key if len(key) == 1 else None))
        await self.settle()

    async def click(self, words: str, times: int = 1) -> None:
        """Click on the first of these words on the screen."""
        rows = self.lines()
        y = next(number for number, line in enumerate(rows) if words in line)
        await self._pilot.click(offset=(rows[y].index(words), y), times=times)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing goes on any more, or somebody is asked."""
        deadline, quiet = time.monotonic() + PATIENCE_SECONDS, 0
        while quiet < QUIET:  # what has ended may have begun something else, or have opened a screen
            assert time.monotonic() < deadline, self.text
            await self._pilot.pause()
            done = all(worker.is_finished for worker in self.app.workers) or isinstance(self.app.screen, TieScreen)
            done = done and self.app.keys.are_heard
            quiet = quiet + 1 if done else 0
            if not done:
                await asyncio.sleep(0.01)
        screen = self.app.screen
        if isinstance(screen, PlanScreen) and screen.seen_from:
            await asyncio.sleep(max(screen.seen_from - now(), 0))  # a person reads it

    async def ended(self) -> None:
        """Wait until the UI has ended."""
        while self.app.is_running:  # noqa: ASYNC110 - textual has no event of it
            await asyncio.sleep(0.01)

    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in strip).rstrip() for strip in self._strips()]

    def _strips(self) -> list[Strip]:
        return self.app.screen._compositor.render_strips()  # noqa: SLF001 - textual has no other text of a screen

    def colors(self) -> set[str]:
        """The names of the colours on the screen, but for those that the terminal has anyway."""
        styles = {segment.style for strip in self._strips() for segment in strip if segment.style}
        found = {color.name for style in styles for color in (style.color, style.bgcolor) if color}
        return found - {"default"}

    @property
    def text(self) -> str:
        return "\n".join(self.lines()) + "\n"

    @property
    def words(self) -> str:
        """The text on one line, without borders."""
        return " ".join(re.sub(r"[─│╭╮╰╯]", " ", self.text).split())

    def looks_like(self, name: str) -> None:
        """Hold the screen against the recorded one, which somebody has looked at; a missing one is recorded."""
        size = self.app.size
        recorded = SCREENS / f"{name}-{size.width}x{size.height}.txt"
        now = PROJECT.sub("0123456789ab", RUN.sub("20261128-101500-ab12", self.text))
        if not recorded.exists():
            recorded.write_text(now, encoding="utf-8")
        assert now == recorded.read_text(encoding="utf-8")


@asynccontextmanager
async def shown(
    database: Path,
    size: tuple[int, int] = (80, 24),
    select: SelectRequest | None = None,
    *,
    trust_locks: bool = False,
) -> AsyncIterator[Shown]:
    """Run the UI on a database."""
    opened = Database(database, trust_locks=trust_locks)
    app = MigratorApp(opened, select, selected=select is not None)
    try:
        async with app.run_test(size=size) as pilot:
            found = Shown(app, pilot)
            await found.settle()
            yield found
            await found.settle()
    finally:
        opened.close()
    if app.error:
        raise app.error
