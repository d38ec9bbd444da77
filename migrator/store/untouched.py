"""Reading a database so that not a byte of it changes, and no file appears beside it.

A connection that only reads makes a log and shared memory (`-wal`, `-shm`) beside a database in WAL mode, as all of
opencode's are, and may leave them there (seen with SQLite 3.40). So we open it in one of three ways, by what is there:

- Nothing waits in a log: as a file that nobody changes, which needs no lock and makes no file. Whether somebody did
  change it meanwhile shows in its signature; then we read again.
- A log and shared memory: with both, as any reader, but the shared memory is opened for reading only. That is so while
  opencode runs, and after it was killed.
- Changes in a log without shared memory, or a journal to roll back: neither can be read in place, so a copy is read.

`untouched` keeps one view of a database open as long as somebody needs it, whatever its opencode writes meanwhile:
planning reads it; if `attachable`, rows are also copied from it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, TypeVar

from migrator.disk.status import is_open_here, status_of
from migrator.disk.temp_dirs import remove_abandoned, temporary_folder
from migrator.errors import MigratorError
from migrator.progress import doing
from migrator.store.connection import add_functions, end_at_ctrl_c, file_uri
from migrator.store.file_signature import TICK_NS, FileSignature
from migrator.store.open_by import who_has_open
from migrator.store.reader import Store
from migrator.text import size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

IMMUTABLE = "mode=ro&immutable=1"
_SUFFIXES = ("", "-wal", "-journal")
_SLACK = 1 << 24

_ATTEMPTS = 3
_BUSY_SECONDS = 1.0
_COPIED_BYTES = 1 << 28
"""The largest database that is copied, 256 MB: whoever lists sessions doesn't expect his disk to fill up."""


@dataclass(frozen=True, slots=True)
class UntouchedView:
    """One consistent view of a database that is only read; `path` is its own path, wherever it is read from.

    `connection` reads it. `uri` is what another connection attaches to read the same, None unless that was asked for.
    `signature` tells what the files were like when the view was opened.
    """

    path: Path
    connection: sqlite3.Connection
    uri: str | None
    signature: FileSignature
    in_place: bool

    def store(self) -> Store:
        """Return it as a database that has opencode's tables. Raises MigratorError if it is none."""
        end_at_ctrl_c(self.connection)
        add_functions(self.connection)
        return Store(self.path, opened=self.connection)

    def check(self) -> None:
        """Raise MigratorError if what was read may not be consistent: the file itself was written to meanwhile.

        Changes that are only in the log don't matter: it was empty when this was opened, so the log is never read.
        """
        if self.in_place and FileSignature.of(self.path).files[0] != self.signature.files[0]:
            raise MigratorError(f"{self.path} was written to while it was being read; try again.")


@contextmanager
def untouched(path: Path, *, attachable: bool = False) -> Iterator[UntouchedView]:
    """Keep one consistent view of a database open; not a byte of it changes, and no file appears beside it.

    An `attachable` one stays the same for other connections too: where somebody has the database open, that is a copy
    in a private folder, which is made in one step. Otherwise a log is read in place, in one transaction.

    Raises MigratorError, a whole sentence, where it can't be read or copied.
    """
    path = Path(os.path.realpath(path))  # which says nothing of links in a circle: opening does
    with ExitStack() as kept:
        view = _view(path, kept, attachable=attachable)
        try:
            yield view
        except (sqlite3.Error, MigratorError):
            view.check()  # what is half written looks damaged
            raise


def _view(path: Path, kept: ExitStack, *, attachable: bool) -> UntouchedView:
    try:
        for signature in _quiet_moments(path):
            with _unless_changed(path, signature), ExitStack() as opened:
                view = opened.enter_context((_frozen if attachable else _pinned)(path, signature))
                if view is not None:
                    kept.push(opened.pop_all())
                    return view
    except sqlite3.Error as error:
        raise MigratorError(f'{path} can\'t be read: SQLite says "{error}".') from error
    except OSError as error:
        raise MigratorError(f"{path} can't be read: {error.strerror or error}.") from error
    except MigratorError as error:
        raise error if str(error).endswith(".") else MigratorError(f"{path} can't be read: {error}.") from None
    raise MigratorError(f"{path} can't be read: it is being written to; try again.")


@contextmanager
def _pinned(path: Path, signature: FileSignature) -> Iterator[UntouchedView | None]:
    """Yield a view for one connection, None if the database changed while it was being opened."""
    with _opened(path, limit=None) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()  # from here on nothing changes in it
        in_place = not _has_shared_log(path)
        if in_place and FileSignature.of(path).files != signature.files:
            yield None
        else:
            yield UntouchedView(path, connection, None, signature, in_place)


@contextmanager
def _frozen(path: Path, signature: FileSignature) -> Iterator[UntouchedView | None]:
    """Yield a view that can be attached, None if the database changed while it was copied."""
    if not (_size(path, "-wal") or _size(path, "-journal") or who_has_open(path).is_open is not False):
        with _opened(path) as connection:
            yield UntouchedView(path, connection, file_uri(path, IMMUTABLE), signature, True)
        return
    with private_folder(sum(_size(path, suffix) for suffix in _SUFFIXES)) as folder:
        copy = folder / "copy.db"
        with _opened(path, limit=None) as connection, closing(sqlite3.connect(copy)) as target:
            is_shared = _has_shared_log(path)
            target.execute("PRAGMA synchronous = OFF")
            with doing("Copying a database that is in use"):
                connection.backup(target)  # in one step: one transaction of its own
        if not is_shared and FileSignature.of(path).files != signature.files:
            yield None
            return
        uri = file_uri(copy, IMMUTABLE)
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            yield UntouchedView(path, connection, uri, signature, False)


@contextmanager
def private_folder(size: int, what: str = "of a database that is in use") -> Iterator[Path]:
    """Make a folder that only we can read, for so many bytes. Raises MigratorError if there is no space for them."""
    parent = Path(gettempdir())
    remove_abandoned(parent)
    if (free := shutil.disk_usage(parent).free) < size + _SLACK:
        raise MigratorError(
            f"A copy has to be made {what}, of {size_text(size)}, and only {size_text(free)} "
            f"are free in {parent}; free some space there, or let TMPDIR name another directory."
        )
    with temporary_folder(parent) as folder:
        yield folder


def read_untouched(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `read` makes of a database; it is called again if somebody wrote meanwhile.

    Raises MigratorError with the reason, as the end of a sentence, where the database can't be read.
    """
    try:
        for signature in _quiet_moments(path):
            with _unless_changed(path, signature):
                with _opened(path) as connection:
                    found = read(connection)
                if _has_shared_log(path) or FileSignature.of(path).files == signature.files:
                    return found
    except sqlite3.Error as error:
        raise MigratorError(f'SQLite says "{error}"') from error
    except OSError as error:
        raise MigratorError(error.strerror or str(error)) from error
    raise MigratorError("it is being written to")


def look_into(path: Path, look: Callable[[Store], T]) -> T:
    """Do the same with a database that has opencode's tables."""

    def read(connection: sqlite3.Connection) -> T:
        end_at_ctrl_c(connection)
        add_functions(connection)
        return look(Store(path, opened=connection))

    return read_untouched(path, read)


def _quiet_moments(path: Path) -> Iterator[FileSignature]:
    """Yield the signature each time a database may be read, a few times, but not while it is being written to.

    A write right after another can leave the signature as it is, so such a signature is waited for, except where
    shared memory tells readers what they may see.
    """
    for _ in range(_ATTEMPTS):
        signature = FileSignature.of(path)
        if not (signature.settled or _has_shared_log(path)):
            time.sleep(TICK_NS / 1e9)
            if FileSignature.of(path).files != signature.files:
                continue
        yield signature


@contextmanager
def _unless_changed(path: Path, signature: FileSignature) -> Iterator[None]:
    """Pass over errors while a database changes: what is half written looks damaged, and logs come and go.

    Not where shared memory is there all the time: readers never see a half of anything then.
    """
    is_shared = _has_shared_log(path)
    try:
        yield
    except (sqlite3.Error, OSError, MigratorError):
        if (is_shared and _has_shared_log(path)) or FileSignature.of(path).files == signature.files:
            raise


@contextmanager
def _opened(path: Path, limit: int | None = _COPIED_BYTES) -> Iterator[sqlite3.Connection]:
    """Open it for reading; one that can't be read in place is copied, if it has at most `limit` bytes."""
    status = status_of(path)
    if status is None or not stat.S_ISREG(status.st_mode):  # to open a FIFO would wait for ever
        raise MigratorError("it is no file")
    if is_open_here(status):
        raise MigratorError("it is the database that is in use here")
    with path.open("rb"):  # SQLite would say less of why it can't open it
        pass
    if _has_shared_log(path):
        yield from _connection(path, "mode=ro&readonly_shm=1")
    elif not (_size(path, "-wal") or _size(path, "-journal")):
        yield from _connection(path, IMMUTABLE)
    elif limit is not None and path.stat().st_size > limit:
        raise MigratorError("changes wait in a log beside it, which can't be read without writing there")
    else:
        with TemporaryDirectory() as scratch:
            for suffix in _SUFFIXES:
                if not suffix or _size(path, suffix):
                    shutil.copyfile(f"{path}{suffix}", f"{scratch}/copy.db{suffix}")
            yield from _connection(Path(scratch, "copy.db"), "mode=rw")


def _connection(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = file_uri(path, mode)
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)) as connection:
        yield connection


def _has_shared_log(path: Path) -> bool:
    return _size(path, "-wal") > 0 and Path(f"{path}-shm").exists()


def _size(path: Path, suffix: str) -> int:
    try:
        return Path(f"{path}{suffix}").stat().st_size
    except FileNotFoundError:
        return 0
