"""The file of a journal: where it is made, what removes it, and what to say where it can't be used."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from migrator.disk.ownership import give, make_directory, owner_of
from migrator.disk.status import why_not_writable
from migrator.disk.system import open_flags
from migrator.errors import MigratorError
from migrator.state_dir import how_to_open, runs_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from migrator.disk.ownership import Owner

_DAMAGED = ("malformed", "not a database", "no such", "Could not decode")
"""What SQLite says of a file that isn't as we wrote it, rather than of the disk."""


def new_file(now: int, owner: Owner | None) -> Path:
    """Create the empty file of a run that begins now; its name is the run's id. A name that exists is drawn again.

    It is its owner's, and so is what SQLite makes beside it.
    """
    second = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now / 1000))
    while True:
        path = runs_directory(owner) / f"{second}-{secrets.token_hex(2)}.db"
        with explain_errors(path):
            given = make_directory(path.parent, owner, 0o700)
        with explain_errors(path), suppress(FileExistsError):
            descriptor = os.open(path, open_flags("O_CREAT", "O_EXCL"), 0o600)
            give(descriptor, given)
            os.close(descriptor)
            return path


@contextmanager
def whole_or_removed(path: Path) -> Iterator[None]:
    """Remove a journal that can't be written whole, so that nobody takes it for a run that was cut off."""
    try:
        with explain_errors(path):
            yield
    except BaseException:
        remove_journal(path)
        raise


def remove_journal(path: Path) -> None:
    """Remove a journal, with what SQLite has beside it."""
    for suffix in ("-wal", "-shm", "-journal", ".lock", ""):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def why_no_journal(store: str) -> str | None:
    """Return why no journal could be written for a run on a database, and what to do; None if one could."""
    nearest = folder_of_journals(store)
    why = why_not_writable(nearest)
    return why and f"{why}, and journals are kept there: {how_to_open(nearest)}"


def folder_of_journals(store: str) -> Path:
    """Return where the journals of runs on a database are kept, or the nearest directory above that exists."""
    return _nearest(runs_directory(owner_of(store)))


def _nearest(path: Path) -> Path:
    """Return the path itself if it exists, else the nearest above it that does."""
    return next(above for above in (path, *path.parents) if os.path.lexists(above))


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Let what SQLite and the system say in the block become a sentence about the journal at `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: Exception) -> MigratorError:
    """Return the error that says why a journal can't be used, and what to do."""
    what = (isinstance(error, OSError) and error.strerror) or str(error)
    nearest = _nearest(path)
    why = why_not_writable(nearest)
    if any(word in what for word in _DAMAGED):
        return damaged(path, what)
    if why and nearest == path:
        return MigratorError(
            f"A journal can't be read, and its run may have been cut off ({why}): {how_to_open(path)}."
        )
    aside = "; if nothing of its run is to be taken back, move it out of that directory" if nearest == path else ""
    return MigratorError(
        f"The journal {path} can't be used ({why or what}), and without one nothing is written, "
        f"since nothing could be taken back: {how_to_open(nearest)}{aside}.",
    )


def check_is_file(path: Path) -> None:
    """Refuse what SQLite would wait for, or create: a pipe, a link that leads nowhere."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return  # as opening it will say
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    if not is_file:
        raise damaged(path, "it is no file")


def damaged(path: Path, what: str) -> MigratorError:
    """Return the error that says that a journal isn't as we wrote it."""
    return MigratorError(
        f"The journal {path} is damaged ({what}), and its run may have been cut off: put a good copy of it there, "
        "or, if nothing of that run is to be taken back, move it out of that directory.",
    )
