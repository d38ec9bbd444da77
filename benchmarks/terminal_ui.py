"""`python -m benchmarks.terminal_ui DATABASE`: start the terminal UI, until its first rows are there.

With `--scroll` it then goes through the whole list, a page at a time. It prints seconds of wall time, and of processor
time: other processes disturb that less. To start is what the process took from its first moment; a page is what the
thread that draws took, while others look for what is lost.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from migrator.tui.database import Database, collect_garbage_when_idle

SIZE, PAGES = (120, 40), 200


async def main(path: Path, *, scroll: bool) -> None:
    collect_garbage_when_idle()
    opened = Database(path)
    from migrator.tui.app import MigratorApp
    from migrator.tui.session_list import SessionTable

    async with MigratorApp(opened).run_test(size=SIZE) as pilot:
        while not (pilot.app.screen.query(SessionTable) and pilot.app.screen.query_one(SessionTable).count):
            await pilot.pause(0.002)
        print(f"load {os.getloadavg()[0]:.1f}; first rows: {time.process_time():.2f} s of processor time")
        if scroll:
            sessions = pilot.app.screen.query_one(SessionTable)
            await sessions.fetch_more(all_of_it=True)
            pages = []
            for _ in range(PAGES):
                begun, ticks = time.perf_counter(), time.thread_time()
                sessions.action_go(sessions.count // PAGES)
                await pilot.pause(0)
                pages.append((time.thread_time() - ticks, time.perf_counter() - begun))
            busy, waited = (max(times) for times in zip(*pages, strict=True))
            print(f"{sessions.count:,} rows, slowest of {PAGES} pages: {busy:.3f} s, {waited:.3f} s of wall time")
        pilot.app.workers.cancel_all()
    opened.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), scroll="--scroll" in sys.argv))
