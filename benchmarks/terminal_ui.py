"""`python -m benchmarks.terminal_ui DATABASE`: start the terminal UI, until its first rows are there.

With `--scroll` it then goes through the whole list, and prints how long the slowest page took, in seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from migrator.tui.database import Database

SIZE, PAGES = (120, 40), 200


async def main(path: Path, *, scroll: bool) -> None:
    opened = Database(path)
    from migrator.tui.app import MigratorApp
    from migrator.tui.session_list import SessionTable

    async with MigratorApp(opened).run_test(size=SIZE) as pilot:
        while not (pilot.app.screen.query(SessionTable) and pilot.app.screen.query_one(SessionTable).count):
            await pilot.pause(0.002)
        if scroll:
            sessions = pilot.app.screen.query_one(SessionTable)
            await sessions.fetch_more(all_of_it=True)
            slowest = 0.0
            for _ in range(PAGES):
                begun = time.perf_counter()
                sessions.action_go(sessions.count // PAGES)
                await pilot.pause(0)
                slowest = max(slowest, time.perf_counter() - begun)
            print(f"{sessions.count:,} rows, slowest of {PAGES} pages: {slowest:.3f} s")
        pilot.app.workers.cancel_all()
    opened.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), scroll="--scroll" in sys.argv))
