"""Reading a database so that not a byte of it changes, and no file appears beside it.

A connection that only reads makes a log and shared memory (`-wal`, `-shm`) beside a database in WAL mode, as all of
opencode's are, and may leave them there (seen with SQLite 3.40). So we open it in one of three ways, by what is there:

- Nothing waits in a log: as a file that nobody changes, which needs no lock and makes no file. Whether somebody did
  change it meanwhile shows in its signature; then we read again.
- A log and shared memory: with both, as any reader, but the shared memory is opened for reading only. That is so while
  opencode runs, and after it was killed.
- Changes in a log without shared memory, or a journal to roll back: neither can be read in place, so a copy is read.
"""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from migrator.disk.status import is_open_here, status_of
from migrator.errors import MigratorError
from migrator.store.connection import add_functions, file_uri
from migrator.store.file_signature import FileSignature
from migrator.store.reader import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_ATTEMPTS = 3
_BUSY_SECONDS = 1.0
_COPIED_BYTES = 1 << 28
"""The largest database that is copied, 256 MB: whoever lists sessions doesn't expect his disk to fill up."""


def read_untouched(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `read` makes of a database; it is called again if somebody wrote meanwhile.

    Raises MigratorError with the reason, as the end of a sentence, where the database can't be read.
    """
    try:
        for _ in range(_ATTEMPTS):
            before = FileSignature.of(path).files
            try:
                with _opened(path) as connection:
                    found = read(connection)
            except (sqlite3.Error, MigratorError):
                if FileSignature.of(path).files == before:
                    raise
            else:
                if _has_shared_log(path) or FileSignature.of(path).files == before:
                    return found
    except sqlite3.Error as error:
        raise MigratorError(f'SQLite says "{error}"') from error
    except OSError as error:
        raise MigratorError(error.strerror or str(error)) from error
    raise MigratorError("it is being written to")


def look_into(path: Path, look: Callable[[Store], T]) -> T:
    """Do the same with a database that has opencode's tables."""

    def read(connection: sqlite3.Connection) -> T:
        add_functions(connection)
        return look(Store(path, opened=connection))

    return read_untouched(path, read)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
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
        yield from _connection(path, "mode=ro&immutable=1")
    elif path.stat().st_size > _COPIED_BYTES:
        raise MigratorError("changes wait in a log beside it, which can't be read without writing there")
    else:
        with TemporaryDirectory() as scratch:
            for suffix in ("", "-wal", "-journal"):
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
