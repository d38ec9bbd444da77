"""Who may have the database open when: any number of readers, or one run, and pages of the history at any time.

A run locks the file for itself (store/writer.py): it waits until the readers have finished, and no reader starts until
the run is over. Pages never need the file: they are read from a copy in memory, which is refreshed when the file has
changed, and before every run. So while a run writes, pages show the history as it was before the run.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Condition, Lock
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import DatabaseInUse, MigratorError, Unusable
from migrator.operations.context import CommandContext
from migrator.store.connection import BUSY_SECONDS
from migrator.store.file_signature import FileSignature
from migrator.store.history_copy import HistoryCopy
from migrator.store.reader import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

WAIT_FOR_READERS_SECONDS = 30.0
"""How long a run waits for plans and lists of orphans that are being made."""

POLL_SECONDS = 0.2

REFRESH_BUSY_SECONDS = 0.1
"""How long a refresh waits for a lock on the file; the old copy serves meanwhile."""


class DatabaseAccess:
    """Access to one database for everything the server does; `home` and `database_words` are as in CommandContext."""

    def __init__(self, path: Path, home: str | None = None, database_words: Sequence[str] = ()) -> None:
        self.path = path
        self._home = home
        self._database_words = database_words
        self._readers_changed = Condition()
        self._readers = 0
        self._run_pending = False
        self._copy_lock = Lock()
        self._swap_lock = Lock()
        self._copy: _DatedCopy | None = None
        self._locked_at = 0.0

    @contextmanager
    def reading(self) -> Iterator[CommandContext]:
        """Open the database for planning; DatabaseInUse while a run writes or waits to."""
        with self._as_reader():
            with _raise_unusable():
                context = CommandContext(self.path, self._home, database_words=self._database_words)
            with context:
                yield context

    @contextmanager
    def _as_reader(self) -> Iterator[None]:
        with self._readers_changed:
            if self._run_pending:
                raise DatabaseInUse(f"{self.path} is in use by a run of this server; try again when it is done.")
            self._readers += 1
        try:
            yield
        finally:
            with self._readers_changed:
                self._readers -= 1
                self._readers_changed.notify_all()

    @contextmanager
    def writing(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Keep every reader of this process out. Raises DatabaseInUse if those that are in take too long.

        `waiting` is called now and then until they have finished; what it raises ends the wait.
        """
        deadline = time.monotonic() + WAIT_FOR_READERS_SECONDS
        try:
            with self._readers_changed:
                self._run_pending = True
                while not self._readers_changed.wait_for(lambda: self._readers == 0, POLL_SECONDS):
                    waiting()
                    if time.monotonic() >= deadline:
                        raise DatabaseInUse(
                            f"{self.path} is in use by a plan that this server is making; try again later."
                        )
            with self._copy_lock:
                self._refresh(time.monotonic())
            yield
        finally:
            with self._readers_changed:
                self._run_pending = False

    @contextmanager
    def history(self) -> Iterator[HistoryCopy]:
        """Return the history as it is now or, while a run of ours or of another process writes, as it was before."""
        copy = self._acquire_copy()
        try:
            yield copy
        finally:
            copy.release()

    def _acquire_copy(self) -> HistoryCopy:
        requested = time.monotonic()
        if not self._is_current(requested):
            with self._copy_lock:
                try:
                    with self._as_reader():
                        self._refresh(requested)
                except DatabaseInUse:
                    if self._copy is None:
                        raise
                    self._locked_at = time.monotonic()
        with self._swap_lock:
            assert self._copy is not None  # noqa: S101 - for the type checker: it was made above and is only replaced
            self._copy.history.acquire()
            return self._copy.history

    def _is_current(self, requested: float) -> bool:
        """Tell whether the copy can answer a request of this time (monotonic): it is newer, or nothing has changed.

        If another process was found to have locked the file after the request, any copy can.
        """
        dated = self._copy
        if dated is None:
            return False
        if max(dated.begun, self._locked_at) > requested:
            return True
        return dated.signature.settled and FileSignature.of(self.path).files == dated.signature.files

    def _refresh(self, requested: float) -> None:
        if self._is_current(requested):
            return
        begun, signature = time.monotonic(), FileSignature.of(self.path)
        # With a copy at hand we needn't wait long for a process that has locked the file: it is migrating.
        with (
            _raise_unusable(),
            Store(self.path, busy_seconds=BUSY_SECONDS if self._copy is None else REFRESH_BUSY_SECONDS) as store,
        ):
            history = HistoryCopy(store)
        history.index()
        with self._swap_lock:
            old, self._copy = self._copy, _DatedCopy(history, begun, signature)
        if old is not None:
            old.history.release()

    def close(self) -> None:
        """Release the copy."""
        with self._swap_lock:
            old, self._copy = self._copy, None
        if old is not None:
            old.history.release()


class _DatedCopy(NamedTuple):
    """A copy, when it was begun (monotonic seconds), and the signature of the files just before."""

    history: HistoryCopy
    begun: float
    signature: FileSignature


@contextmanager
def _raise_unusable() -> Iterator[None]:
    """Raise Unusable if the database can't be opened for a reason other than that it is in use."""
    try:
        yield
    except DatabaseInUse:
        raise
    except MigratorError as error:
        raise Unusable(str(error)) from error
