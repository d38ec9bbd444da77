"""Telling whether a database has changed, without opening it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from pathlib import Path

TICK_NS = 50_000_000
"""Nanoseconds in which two writes may get the same time: a system's clock ticks for files every 10 ms or so."""


class FileSignature(NamedTuple):
    """(device, inode, size, time) of a database and of both its logs, None for a file that is missing or empty.

    The logs are the one that is written ahead (`-wal`) and the one to roll back with (`-journal`).

    An open connection would tell as well, but while it is open nobody can take the exclusive lock for a migration.
    """

    files: tuple[tuple[int, int, int, int] | None, ...]
    settled: bool

    @classmethod
    def of(cls, database: Path) -> Self:
        """Return the signature now; `settled` is false right after a write, which another could follow unnoticed."""
        now = time.time_ns()
        files = tuple(_stat(database.with_name(database.name + suffix)) for suffix in ("", "-wal", "-journal"))
        newest = max((file[3] for file in files if file is not None), default=0)
        return cls(files, now - newest > TICK_NS)


def _stat(path: Path) -> tuple[int, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # Opening a database for reading may leave an empty log, which means no more than a missing one.
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) if status.st_size else None
