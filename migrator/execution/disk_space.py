"""Disk space for a run and its way back: checked before the first chunk, and reserved for the way back.

A run that stops half-way because a disk is full needs space to be taken back, too. Files without a name reserve it:
nobody finds them, and they vanish with the process. Linux can make and fill such files without writing on most file
systems. Elsewhere we only check how much is free.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

from migrator.disk.status import is_there
from migrator.disk.system import free_bytes, keep_blocks, nameless_file
from migrator.errors import MigratorError
from migrator.text import size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from migrator.store.staging import Staging
    from migrator.store.writer import Edit, Writer

_PAGES = 8
"""How many pages a session touches in a table of sessions, at most: its row, and leaves of the indexes."""
_GROWTH = 256
"""By how many bytes the rows and index entries of a session grow in one table; on the way back by a quarter of that."""
_JOURNAL = 1 << 18
"""How many bytes a journal begins with, its log and shared memory included; as much is kept for its last records."""
_SLACK = 1 << 16
_COPIED = 1 << 26
"""About how many bytes wait in the log while whole rows are copied or deleted."""
_CAUTION = 1.5
"""How many times more of the log a session may take than one of the last chunk did."""
_FILE = 1 << 13
"""About how many bytes more than its content a file takes."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Copied(NamedTuple):
    """About how many bytes are copied: rows into the database and the journal, and files, by the folder they go to."""

    database: int = 0
    journal: int = 0
    files: Mapping[str, int] = MappingProxyType({})


NOTHING_COPIED = Copied()


def room_for(files: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Map the folders that are there already to the bytes that files take below each; (source, target) of each."""
    found: dict[str, int] = {}
    for source, target in files:
        folder = next(str(path) for path in Path(target).parents if is_there(path))
        size = os.stat(source).st_size if is_there(source) and not is_there(target) else 0
        found[folder] = found.get(folder, 0) + size + _FILE
    return found


class DiskSpace:
    """The space that we reserve on the file systems of the database and of the journals, which may be the same one."""

    def __init__(self, writer: Writer, staging: Staging, runs: Path) -> None:
        """Keep nothing yet; `runs` is where journals are, or the nearest directory above that exists."""
        self._writer = writer
        self._staging = staging
        self._rows = (staging.last + 1 - staging.first) * len(writer.schema.tables)
        self._most_each = self._each = writer.page_size * _PAGES * len(writer.schema.tables)
        self._last_chunk = 0
        self._for_database = self._for_journal = _Reserve(runs)
        database = os.path.dirname(os.path.realpath(writer.path))
        if _file_system(database) != _file_system(runs):
            self._for_database = _Reserve(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def claim(self, first_chunk: int, edits: Sequence[Edit] = (), copied: Copied = NOTHING_COPIED) -> None:
        """Keep what the way back needs; `edits` are known before the run, and what is `copied` comes besides.

        Raises MigratorError, with nothing written, unless there is space for the whole run too.
        """
        size, data = min(first_chunk, self._staging.last + 1 - self._staging.first), _bytes(edits)
        database, journal = self._way_back(size, len(edits), data)
        database += self._log(size, len(edits), data) + _GROWTH * self._rows + data
        journal += _JOURNAL + self._staging.journal_bytes() + 3 * data + copied.journal
        database += copied.database + min(copied.database + copied.journal, _COPIED)
        try:
            self._check(database, journal, _Reserve.has_space, copied.files)
            self.keep_for(size, edits)
        except MigratorError as error:
            raise MigratorError(f"{error} Nothing was written.") from None

    def keep_for(self, size: int, edits: Sequence[Edit] = ()) -> int:
        """Keep what the way back needs after a chunk of so many sessions, or of as many as there is space for.

        Return how many that are. Raises MigratorError if there isn't enough for one.
        """
        if self._last_chunk and not edits:
            measured = _CAUTION * self._writer.file.log_size / self._last_chunk
            self._each = min(self._most_each, int(measured) + 1)
        data = _bytes(edits)
        while True:
            try:
                self._check(*self._way_back(size, len(edits), data), _Reserve.keep)
            except MigratorError:
                if size == 1 or edits:
                    raise
                size = max(1, size // 2)
            else:
                self._last_chunk = size
                return size

    def release(self) -> None:
        """Give up what was kept."""
        for reserve in {self._for_database, self._for_journal}:
            reserve.close()

    def _way_back(self, size: int, edits: int, data: int) -> tuple[int, int]:
        """Return how many bytes it takes to take back a chunk and all before it, in the database and in the journal.

        It has so many edits, with `data` bytes. What waits in the log has to go into the file first, which may grow.
        """
        writer = self._writer
        waiting = max(0, writer.size() - writer.file.size)
        database = waiting + self._log(size, edits, data) + _GROWTH * self._rows // 4 + _SLACK
        return database, _JOURNAL + 2 * data

    def _log(self, size: int, edits: int, data: int) -> int:
        """Return how many bytes such a chunk takes in the log, which has each page of the database once at most."""
        touched = size * self._each + edits * self._writer.page_size
        return min(touched, self._writer.size() + _GROWTH * self._rows) + data

    def _check(
        self,
        database: int,
        journal: int,
        can_have: Callable[[_Reserve, int], bool],
        files: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        needed = Counter({self._for_journal: journal})
        needed[self._for_database] += database
        others: dict[int | None, _Reserve] = {}
        for folder, size in files.items():
            disk = _file_system(folder)
            known = (each for each in needed if _file_system(each.directory) == disk)
            needed[next(known, None) or others.setdefault(disk, _Reserve(folder))] += size
        try:
            for reserve, size in needed.items():
                if not can_have(reserve, size):
                    raise MigratorError(
                        "The disk is too full: the run, with the space to take it back, needs "
                        f"{size_text(size)} on the file system of {reserve.directory}, and only "
                        f"{size_text(reserve.free() or 0)} is free. Free some space there, then try again.",
                    )
        finally:
            for reserve in others.values():
                reserve.close()


class _Reserve:
    """A file without a name, whose blocks nobody else can use until it is closed."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = directory
        self._kept = 0
        self._file = nameless_file(directory)

    def keep(self, size: int) -> bool:
        """Keep so many bytes, unless as many are kept already; return whether there is space for them."""
        if self._file is None or size <= self._kept:
            return size <= self._kept or self.has_space(size)
        try:
            keep_blocks(self._file, size)
        except OSError as error:
            os.ftruncate(self._file, self._kept)
            return error.errno not in _FULL and self.has_space(size)
        self._kept = size
        return True

    def has_space(self, size: int) -> bool:
        """Tell whether so many bytes are free, what is kept included; also where nobody can tell."""
        free = self.free()
        return free is None or size <= free

    def free(self) -> int | None:
        """Return how many bytes are free for us, what is kept included; None where nobody can tell."""
        free = free_bytes(self.directory)
        return None if free is None else free + self._kept

    def close(self) -> None:
        """Give back what is kept."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._kept = None, 0


def _file_system(directory: str | Path) -> int | None:
    with suppress(OSError):
        return os.stat(directory).st_dev
    return None


def _bytes(edits: Sequence[Edit]) -> int:
    return sum(len(value) for edit in edits for value in (edit.before, edit.after) if isinstance(value, str | bytes))
