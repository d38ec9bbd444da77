"""An SQLite file that we have open: whether what its path names is still that file, with all that was in it.

A connection doesn't notice that its file was renamed, deleted or replaced: it goes on with what it has open.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.disk.status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class OpenFile:
    """A database and its write-ahead log, by device and inode, which must not become shorter.

    Made before the file is opened, and checked once afterwards, it is certain to be the one that was opened.
    """

    def __init__(self, path: Path, smallest: Callable[[], int] | None = None) -> None:
        """`smallest` says to how many bytes the connection itself may have shortened the database."""
        self._smallest = smallest
        self._changed: str | None = None
        self.was_cut_short = False
        log = f"{os.path.realpath(path)}-wal"  # SQLite follows links
        self._seen: dict[str, os.stat_result | None] = {str(path): status_of(path), log: None}

    def why_changed(self) -> str | None:
        """Return in words what has happened to the file or its log; None if nothing ever has. Raises CantTell."""
        self._changed = self._changed or self._change()
        return self._changed

    def _change(self) -> str | None:
        for path, before in self._seen.items():
            now = status_of(path)
            if before is not None:
                if now is None:
                    return f"{path} was moved or deleted"
                if (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
                    return f"{path} was replaced by another file"
                if now.st_size < before.st_size and not self._may_be(path, now.st_size):
                    self.was_cut_short = True
                    return f"{path} was cut short"
            self._seen[path] = now
        return None

    @property
    def is_in_place(self) -> bool:
        """Whether the path of the database still names it. Raises CantTell."""
        (path, before), *_ = self._seen.items()
        now = status_of(path)
        return now is not None and before is not None and (now.st_dev, now.st_ino) == (before.st_dev, before.st_ino)

    @property
    def size(self) -> int:
        """How many bytes the file has, without its log; 0 if it is gone."""
        path, *_ = self._seen
        status = status_of(path)
        return status.st_size if status else 0

    @property
    def log_size(self) -> int:
        """How many bytes of the disk the log has, or the rollback journal that there is instead."""
        *_, log = self._seen
        both = map(status_of, (log, log.removesuffix("-wal") + "-journal"))
        return sum(status.st_size for status in both if status)

    def _may_be(self, path: str, size: int) -> bool:
        return self._smallest is not None and not path.endswith("-wal") and size >= self._smallest()
