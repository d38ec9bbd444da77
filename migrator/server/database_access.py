"""Who may have the database open when: any number of readers, or one run, and pages of the history at any time.

A run takes the file for itself (store/writer.py), so whoever reads it has to be out first, and is kept out until the
run is over. Pages never need the file: they are read from a copy in memory, which is made anew when the file has
changed, and before every run. So while a run writes, the history is as it was before it; afterwards as it is.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Condition, Lock
from typing import TYPE_CHECKING

from migrator.errors import DatabaseInUse, MigratorError, Unusable
from migrator.operations.context import CommandContext
from migrator.store.connection import BUSY_SECONDS
from migrator.store.file_signature import FileSignature
from migrator.store.history_copy import HistoryCopy
from migrator.store.reader import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0
"""Seconds that a run waits for plans and lists of orphans that are being made."""

_BLINK = 0.1


class DatabaseAccess:
    """The way to one database for everything the server does."""

    def __init__(self, path: Path, home: str | None = None) -> None:
        self.path = path
        self._home = home
        self._door = Condition()
        self._readers = 0
        self._run_wants_in = False
        self._copying = Lock()
        self._swapping = Lock()
        self._copy: _Dated | None = None
        self._locked = 0.0

    @contextmanager
    def reading(self) -> Iterator[CommandContext]:
        """Open the database for planning; DatabaseInUse while a run writes or waits to."""
        with self._inside():
            with _usable():
                context = CommandContext(self.path, self._home)
            with context:
                yield context

    @contextmanager
    def _inside(self) -> Iterator[None]:
        with self._door:
            if self._run_wants_in:
                raise DatabaseInUse(f"{self.path} is in use by a run of this server; try again when it is done.")
            self._readers += 1
        try:
            yield
        finally:
            with self._door:
                self._readers -= 1
                self._door.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Have the database to oneself within this process. DatabaseInUse where planning takes too long."""
        with self._door:
            self._run_wants_in = True
            if not self._door.wait_for(lambda: self._readers == 0, PATIENCE):
                self._run_wants_in = False
                raise DatabaseInUse(f"{self.path} is in use by a plan that this server is making; try again later.")
        try:
            with self._copying:
                self._renew(time.monotonic())
            yield
        finally:
            with self._door:
                self._run_wants_in = False

    @contextmanager
    def history(self) -> Iterator[HistoryCopy]:
        """Return the history as it is now or, while a run of ours or of another process writes, as it was before."""
        copy = self._recent()
        try:
            yield copy
        finally:
            copy.release()

    def _recent(self) -> HistoryCopy:
        asked = time.monotonic()
        if not self._fits(asked):
            with self._copying:
                try:
                    with self._inside():
                        self._renew(asked)
                except DatabaseInUse:
                    if self._copy is None:
                        raise
                    self._locked = time.monotonic()
        with self._swapping:
            assert self._copy is not None  # noqa: S101 - for the type checker: it was made above and is only replaced
            self._copy.history.acquire()
            return self._copy.history

    def _fits(self, asked: float) -> bool:
        """Tell whether the copy will do: nothing has changed since, or it is newer than the question.

        So will any if, after the question, somebody was found to keep everyone out.
        """
        dated = self._copy
        if dated is None:
            return False
        if max(dated.made, self._locked) > asked:
            return True
        return dated.sign.settled and FileSignature.of(self.path).files == dated.sign.files

    def _renew(self, asked: float) -> None:
        if self._fits(asked):
            return
        made, sign = time.monotonic(), FileSignature.of(self.path)
        # Whoever has a copy needn't wait long for somebody who keeps everyone out: that is a migration.
        with _usable(), Store(self.path, busy_seconds=BUSY_SECONDS if self._copy is None else _BLINK) as store:
            history = HistoryCopy(store)
        history.index()
        with self._swapping:
            old, self._copy = self._copy, _Dated(history, made, sign)
        if old is not None:
            old.history.release()

    def close(self) -> None:
        """Let the copy go."""
        with self._swapping:
            old, self._copy = self._copy, None
        if old is not None:
            old.history.release()


class _Dated:
    """A copy, when it was begun (monotonic seconds), and what the files looked like just before."""

    __slots__ = ("history", "made", "sign")

    def __init__(self, history: HistoryCopy, made: float, sign: FileSignature) -> None:
        self.history = history
        self.made = made
        self.sign = sign


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except DatabaseInUse:
        raise
    except MigratorError as error:
        raise Unusable(str(error)) from error
