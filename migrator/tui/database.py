"""The database as the screens ask it: never in the thread that draws, and never while a run writes."""

from __future__ import annotations

import asyncio
import gc
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from migrator.errors import INTERRUPTED_EARLY, MigratorError
from migrator.operations.context import CommandContext
from migrator.progress import told_to
from migrator.store.open_by import who_has_open
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from migrator.model import Run
    from migrator.progress import Listener
    from migrator.store.open_by import OpenBy

T = TypeVar("T")

IDLE_SECONDS = 3.0
"""How long the database stays open after the last look at it: to open one of 100,000 sessions takes a quarter second.

While it is open no run of another process can begin, so it isn't kept open for longer.
"""


def collect_garbage_when_idle() -> None:
    """Collect what is young at once, as the command line doesn't, and the rest while nobody looks at the database.

    To look through 100,000 sessions for garbage takes a tenth of a second, in which nothing is drawn.
    """
    gc.enable()
    gc.set_threshold(*gc.get_threshold()[:2], 2**31 - 1)


class Database:
    """One database in several threads: one for looking and writing, others that plan and look for what is lost.

    Whoever quits waits for the former, not for the latter, which only read.

    `home` and `words` are `home` and `database_words` of CommandContext; runs may `trust_locks`.
    """

    def __init__(
        self, path: Path, home: str | None = None, words: Sequence[str] = (), *, trust_locks: bool = False
    ) -> None:
        self.path = path
        self.trust_locks = trust_locks
        self._home, self._words = home, words
        self._looking, self._aside = ThreadPoolExecutor(1, "look"), ThreadPoolExecutor(1, "aside")
        self._plans, self._surveys = Lock(), Lock()
        self._handles = Lock()  # closing a descriptor of a file drops every lock that this process has on it
        self._kept: CommandContext | None = None
        self._last_used = 0.0
        self._runs: list[str] = []
        self.is_writing = False
        self.unseen = ""
        """How the last write ended, until a screen has shown it."""
        self.open_by: OpenBy | None = None
        """Who else had the database open when we last looked around, None before."""
        self._looking.submit(self._keep_open)  # while the rest is imported; what is wrong is said at the first look

    async def look(self, ask: Callable[[CommandContext], T]) -> T:
        """Ask what is answered in a moment."""
        return await _in(self._looking, lambda: ask(self._keep_open()))

    async def plan(self, ask: Callable[[CommandContext], T], listener: Listener | None = None) -> T:
        """Ask what may take a while, with a fresh view of the disk."""
        return await _beside(lambda: self._with_own_context(self._plans, ask), listener)

    async def survey(self, ask: Callable[[CommandContext], T], listener: Listener | None = None) -> T:
        """Ask what may take long, and what no plan should wait for."""
        return await _beside(lambda: self._with_own_context(self._surveys, ask), listener)

    async def aside(self, work: Callable[[], T]) -> T:
        """Do what needs no database and may take a while, as a disk of the network does."""
        return await _in(self._aside, work)

    @property
    def made(self) -> str:
        """Return the runs that were made here and not taken back, and how to take them back; "" for none."""
        if not self._runs:
            return ""
        undo = ", then ".join(f"`{our_command('undo', run)}`" for run in reversed(self._runs))
        return f"what was moved stays moved; to take it back: {undo}."

    async def write(self, carry_out: Callable[[], Run], listener: Listener) -> Run:
        """Carry something out while none of our threads has the database open."""
        return await _in(self._looking, lambda: self._alone(carry_out), listener)

    async def look_around(self) -> None:
        """Ask which other processes have the database open, and close it if nobody has looked at it for a while."""
        await _in(self._looking, self._look_around)

    def close(self) -> None:
        """Close the database once what was begun is done."""
        self._looking.submit(self._close)
        for thread in (self._looking, self._aside):
            thread.shutdown()

    def _keep_open(self) -> CommandContext:
        if self._kept is None:
            self._kept = self._open()
        self._last_used = time.monotonic()
        return self._kept

    def _open(self) -> CommandContext:
        with self._handles:
            return CommandContext(self.path, self._home, database_words=self._words)

    def _close(self) -> None:
        if self._kept is not None:
            with self._handles:
                self._kept.store.close()
            self._kept = None

    def _with_own_context(self, lock: Lock, ask: Callable[[CommandContext], T]) -> T:
        with lock:
            context = self._open()
            try:
                return ask(context)
            finally:
                with self._handles:
                    context.store.close()

    def _alone(self, carry_out: Callable[[], Run]) -> Run:
        self._close()
        self.is_writing = True
        with self._plans, self._surveys:
            try:
                run = carry_out()
            except KeyboardInterrupt:
                self.unseen = INTERRUPTED_EARLY
                raise
            except MigratorError as error:
                self.unseen = str(error)
                raise
            finally:
                self.is_writing = False
        if run.undoes in self._runs:
            self._runs.remove(run.undoes)
        elif run.id is not None:
            self._runs.append(run.id)
            undo = our_command("undo", run.id)
            self.unseen = f"Run {run.id} was done before it could be stopped; to take it back: `{undo}`."
        return run

    def _look_around(self) -> None:
        if time.monotonic() - self._last_used > IDLE_SECONDS:
            if self._kept is not None:
                gc.collect()
            self._close()
        with self._handles:
            self.open_by = who_has_open(self.path)


async def _in(thread: ThreadPoolExecutor, work: Callable[[], T], listener: Listener | None = None) -> T:
    def told() -> T:
        with told_to(listener):
            return work()

    return await asyncio.wrap_future(thread.submit(copy_context().run, told))


async def _beside(work: Callable[[], T], listener: Listener | None) -> T:
    """Work in a thread that ends with the process, wherever it is then."""
    future = Future[T]()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            with told_to(listener):
                future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return await asyncio.wrap_future(future)
