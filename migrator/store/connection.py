"""Opening the database file, and saying in one sentence why it can't be opened or read."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from migrator.disk.bounded import NotPlain, opened
from migrator.disk.status import status_of, why_not_writable
from migrator.errors import MigratorError, WrongDatabase
from migrator.paths import comparable
from migrator.store.open_by import in_use_error, who_has_open
from migrator.store.signals import is_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Closable(Protocol):
    """What is open until it is closed."""

    def close(self) -> None:
        """Close it."""


T = TypeVar("T", bound=Closable)
_MAGIC = b"SQLite format 3\x00"
OLDEST_SQLITE = (3, 33, 0)
"""The first with `UPDATE ... FROM`, by which sessions are moved. 3.33.0 was tried, and 3.32.0 was seen to fail."""
BUSY_SECONDS = 5.0  # what opencode's own connections wait
_STEPS = 100_000
"""Of SQLite's virtual machine, between two calls into Python: some milliseconds."""


def connect(path: Path, *, write: bool, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open `path`; the connection is in autocommit mode, so every transaction is an explicit BEGIN."""
    _check_sqlite()
    status = status_of(path)
    if status is not None and not (status.st_size and stat.S_ISREG(status.st_mode)):
        _check_header(path)
    with translate_errors(path, write=write):
        try:
            with closed_if_unusable(_open_readable(path, write, busy_seconds)) as connection:
                return _configured(connection, write=write)
        except sqlite3.DatabaseError as error:
            # Closing a file drops every lock that this process has on it, so the header is read only after a failure.
            if "locked" not in str(error):
                _check_header(path)
            raise


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise MigratorError(
            f"SQLite {sqlite3.sqlite_version} is too old: {needed} or later is needed, and {sys.executable} comes with "
            "this one; install opencode-migrator with another Python."
        )


def _open_readable(path: Path, write: bool, busy_seconds: float) -> sqlite3.Connection:
    try:
        return _open(path, "rw" if write else "ro", busy_seconds)
    except sqlite3.OperationalError as error:
        # A WAL database in a directory we can't write to: readable as long as nothing waits in the log.
        log = path.with_name(path.name + "-wal")
        if write or "locked" in str(error) or (log.exists() and log.stat().st_size):
            raise
    return _open(path, "ro&immutable=1", busy_seconds)


def file_uri(path: Path, query: str) -> str:
    """Return the address by which SQLite opens a file in a certain way, whatever bytes are in its name.

    It wants `file:///C:/Users` on Windows, and `file:////server/share`.
    """
    name = path.as_posix()
    root = ("//" if name.startswith("/") else "///") if path.is_absolute() else ""
    return f"file:{root}{quote(os.fsencode(name), safe='/:')}?{query}"


def _open(path: Path, mode: str, busy_seconds: float) -> sqlite3.Connection:
    uri = file_uri(path, f"mode={mode}")
    with closed_if_unusable(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=busy_seconds)) as connection:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        return connection


@contextmanager
def closed_if_unusable(opened: T) -> Iterator[T]:
    """Close what was opened if this block, which makes it fit for use, raises; otherwise it stays open.

    Whoever holds the error would keep it open, with its locks; from Python 3.13 on a connection that is merely
    forgotten is warned of.
    """
    try:
        yield opened
    except BaseException:
        opened.close()
        raise


def end_at_ctrl_c(connection: sqlite3.Connection) -> None:
    """Let a long query end at Ctrl-C: Python hears it when it is called, and raises it in there."""
    connection.set_progress_handler(lambda: 0, _STEPS)


def _configured(connection: sqlite3.Connection, *, write: bool) -> sqlite3.Connection:
    if not write:
        end_at_ctrl_c(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")  # what is staged: about 150 bytes for each session
    make_durable(connection)
    connection.execute("PRAGMA cache_size = -64000")  # 64 MB, as opencode's own connections have
    add_functions(connection)
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """Let what is committed survive a power cut, on a Mac too, where `fsync` alone leaves it in the disk's cache."""
    for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}")


def why_read_only(database: Path) -> str | None:
    """Return why nothing can be written to a database, whatever is in it; None if something can.

    SQLite makes its log and the index of that beside the database, unless both are there.
    """
    files = [file for end in ("", "-wal", "-shm") if (file := database.with_name(database.name + end)).exists()]
    needed = files if len(files) == 3 else [*files, database.parent]  # noqa: PLR2004 - all of them
    return next(filter(None, map(why_not_writable, needed)), None)


def add_functions(connection: sqlite3.Connection) -> None:
    """Add the SQL functions that conditions may use."""
    for name, function in (("casefold", str.casefold), ("comparable", comparable)):
        connection.create_function(name, 1, partial(_of_text, function), deterministic=True)


def _of_text(function: Callable[[str], str], text: Any) -> str | None:
    return function(text) if isinstance(text, str) else None


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns, in its order; none if there is no such table."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?, 'main')", [table])]


def _check_header(path: Path) -> None:
    try:
        with opened(path) as descriptor:
            header = os.read(descriptor, len(_MAGIC))
    except NotPlain as error:
        raise WrongDatabase(f"{path} is no database: {error.strerror}", "opencode's") from error
    except FileNotFoundError as error:
        raise WrongDatabase(f"{path} is not there any more", "opencode's database") from error
    except OSError as error:
        raise MigratorError(f"{path} can't be read: {error.strerror}; check its permissions.") from error
    if not header:
        raise WrongDatabase(f"{path} is an empty file, not an opencode database")
    if header != _MAGIC:
        raise WrongDatabase(f"{path} is not an SQLite database", "opencode's")


_FUNCTION_FAILED = "user-defined function raised"


def met_no_text(error: sqlite3.Error) -> bool:
    """Tell whether a statement failed because a text isn't UTF-8: what it returned, or what it gave to our function."""
    text = str(error)
    return "decode to UTF-8" in text or (_FUNCTION_FAILED in text and not is_interrupted())


@contextmanager
def translate_errors(path: Path, *, write: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into ours; no sqlite3 exception gets past this."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if text == "interrupted" or (_FUNCTION_FAILED in text and is_interrupted()):
            raise KeyboardInterrupt from None
        if "locked" in text or "busy" in text:
            raise in_use_error(path, who_has_open(path), can_wait=write) from error
        if "not a database" in text:
            raise WrongDatabase(f'{path}: SQLite says "{text}"; it is not an SQLite database', "opencode's") from error
        hint = next((hint for sign, hint in _HINTS if sign in text), "run `opencode-migrator doctor` for a check-up.")
        raise MigratorError(f'{path}: SQLite says "{text}"; {hint}') from error


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Commit everything done in this block or, whatever happens (Ctrl-C too), nothing."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_DAMAGED = (  # SQLite 3.40.1 was seen to say "malformed" where the disk fails to read, too
    "the file is damaged, or its disk can't be read: check the disk first, then restore the file from a backup, "
    "or salvage it with `sqlite3 FILE .recover`."
)
_HINTS = (
    ("decode to UTF-8", "opencode never writes such text: find the row and set that column with the `sqlite3` shell."),
    ("malformed", _DAMAGED),
    ("readonly", "it can't be written to: check the permissions of the file and of its directory."),
    ("unable to open", "check the permissions of the file and of its directory."),
    ("full", "the disk is full: free some space and try again."),
    ("disk I/O", "see whether the disk is full, or failing."),
)
