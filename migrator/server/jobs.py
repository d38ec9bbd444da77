"""Runs, one at a time, each in its own thread: it goes on when its client disconnects, and ends before the server."""

from __future__ import annotations

import asyncio
import time
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import INTERRUPTED_EARLY, DatabaseInUse, Interrupted
from migrator.server.database_access import POLL_SECONDS
from migrator.server.problems import BUSY, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Run
    from migrator.server.database_access import DatabaseAccess

    Progress = Callable[[int], None]
    Work = Callable[[Progress], Run]


class News(NamedTuple):
    """News of a job: how many sessions were written since the last report, or how it ended."""

    sessions: int = 0
    run: Run | None = None
    error: Exception | None = None


class Jobs:
    """Carries out at most one run at a time."""

    def __init__(self) -> None:
        self.interrupted = False
        self._stopping = Event()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._busy = False

    def start(self, work: Work) -> asyncio.Queue[News]:
        """Begin `work`, which is given a progress callback, and return the queue of its reports.

        Raises Problem if it can't begin. Call it in the event loop. The callback raises KeyboardInterrupt once the
        server stops: the engine calls it only where that is safe.
        """
        loop, reports = asyncio.get_running_loop(), asyncio.Queue[News]()

        def report(news: News) -> None:
            loop.call_soon_threadsafe(reports.put_nowait, news)

        def progress(sessions: int) -> None:
            report(News(sessions))
            if self._stopping.is_set():
                raise KeyboardInterrupt

        def job() -> None:
            last = self._run_to_end(work, progress)
            self._busy = False  # before the report: whoever reads that this run ended may start the next
            report(last)

        with self._starting:
            if self._stopping.is_set():
                raise Problem.stopping()
            if self._busy:
                raise Problem(
                    BUSY,
                    "Another run is being carried out; try again when it is done.",
                    exit_code=DatabaseInUse.exit_code,
                )
            self._busy = True
            self._thread = Thread(target=job, name="run")
            self._thread.start()
        return reports

    def _run_to_end(self, work: Work, progress: Progress) -> News:
        try:
            return News(run=work(progress))
        except KeyboardInterrupt:
            self.interrupted = True
            return News(error=Interrupted(INTERRUPTED_EARLY))
        except Exception as error:  # noqa: BLE001 - the handler that waits for the job answers with it
            self.interrupted |= isinstance(error, Interrupted)
            return News(error=error)

    def finish(self) -> None:
        """Refuse new runs, interrupt the one that is being carried out, and wait until it is rolled back."""
        self._stopping.set()
        with self._starting:
            thread = self._thread
        if thread is not None:
            thread.join()


def retry_while_in_use(access: DatabaseAccess, wait_seconds: float, work: Callable[[], Run], progress: Progress) -> Run:
    """Do `work` while nobody else in this process has the database open; retry while another process does.

    Pages are answered between the tries, so the wait is here and not in the writer.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            with access.writing(lambda: progress(0)):
                return work()
        except DatabaseInUse:
            if time.monotonic() >= deadline:
                raise
        progress(0)
        time.sleep(POLL_SECONDS)
