"""Files that SQLite keeps, by their first bytes and by their names: a database and what belongs to it."""

from __future__ import annotations

import re
import stat
import struct
from typing import TYPE_CHECKING

from migrator.disk.readable import head_of
from migrator.disk.status import is_open_here, is_there, status_of

if TYPE_CHECKING:
    from pathlib import Path

_DATABASE = b"SQLite format 3\x00"
_SQLITE = {
    _DATABASE: "an SQLite database",
    b"\x37\x7f\x06\x82": "the log of an SQLite database",
    b"\x37\x7f\x06\x83": "the log of an SQLite database",
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7": "the journal of an SQLite database",
    struct.pack("<I", 3007000): "the shared memory of an SQLite database",
    struct.pack(">I", 3007000): "the shared memory of an SQLite database",
}
"""How SQLite's own files begin, whatever they are called (its file format, 1.3, 3 and 4, and its wal.c)."""

_BESIDE_DATABASE = re.compile(r"(.+)-(?:wal|shm|journal|mj[0-9a-f]+)", re.IGNORECASE | re.DOTALL)
"""The names that SQLite uses beside a database; on some disks they are the same in upper case."""


def sqlite_file(head: bytes) -> str | None:
    """Return in words what file of SQLite's begins like this; None if none does."""
    return next((what for magic, what in _SQLITE.items() if head.startswith(magic)), None)


def database_of(target: Path) -> Path | None:
    """Return the database beside which SQLite would use this name; None if it uses none like it."""
    named = _BESIDE_DATABASE.fullmatch(target.name)
    return target.with_name(named[1]) if named else None


def database_beside(target: Path) -> Path | None:
    """Return the database that SQLite would take a file of this name for a part of; None if there is none."""
    database = database_of(target)
    if database is None:
        return None
    status = status_of(database)
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    is_database = is_open_here(status) or head_of(database, len(_DATABASE)) in {b"", _DATABASE}
    return database if is_database else None


def log_beside(database: Path) -> Path | None:
    """Return what SQLite would replay over a database of this name; None if there is nothing."""
    names = (database.with_name(database.name + end) for end in ("-wal", "-journal"))
    return next((name for name in names if is_there(name)), None)
