"""The terminal UI without a terminal: keys go in, and what a person would see comes out as lines of text."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.ui.app import MigratorApp
from migrator.ui.database import Database
from migrator.ui.orphans import TieScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from migrator.arguments import SelectRequest

SCREENS = Path(__file__).parents[1] / "ui" / "screens"
PATIENCE_SECONDS = 60
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


class Shown:
    """A UI that runs; `press` waits until what the keys began is done."""

    def __init__(self, app: MigratorApp, pilot: Pilot[None]) -> None:
        self.app, self._pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        await self._pilot.press(*text)
        await self._pilot.pause(0.2)  # until the filter is looked up
        await self.settle()

    async def click(self, words: str, times: int = 1) -> None:
        """Click on the first of these words on the screen."""
        rows = self.lines()
        y = next(number for number, line in enumerate(rows) if words in line)
        await self._pilot.click(offset=(rows[y].index(words), y), times=times)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing goes on any more, or somebody is asked."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        await self._pilot.pause()
        while not all(worker.is_finished for worker in self.app.workers) and not isinstance(self.app.screen, TieScreen):
            assert time.monotonic() < deadline, self.text
            await self._pilot.pause(0.01)

    def lines(self) -> list[str]:
        strips = self.app.screen._compositor.render_strips()  # noqa: SLF001 - textual has no other text of a screen
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def looks_like(self, name: str) -> None:
        """Hold the screen against the recorded one, which somebody has looked at; a missing one is recorded."""
        size = self.app.size
        recorded = SCREENS / f"{name}-{size.width}x{size.height}.txt"
        now = RUN.sub("20261128-101500-ab12", self.text)
        if not recorded.exists():
            recorded.write_text(now, encoding="utf-8")
        assert now == recorded.read_text(encoding="utf-8")


@asynccontextmanager
async def shown(
    database: Path, size: tuple[int, int] = (80, 24), select: SelectRequest | None = None
) -> AsyncIterator[Shown]:
    """Run the UI on a database."""
    opened = Database(database)
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


def run(scenario: object) -> None:
    """Run a coroutine."""
    asyncio.run(scenario)  # type: ignore[arg-type]
