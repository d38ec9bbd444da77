"""Whether what is on the disk may be read, and what lets us read it if not."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.disk.bounded import NotPlain, check_plain, opened
from migrator.disk.status import cant_tell, means_missing
from migrator.disk.system import HAS_MODES, user
from migrator.errors import CantTell
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def why_unreadable(paths: Iterable[str]) -> CantTell | None:
    """Return why the first of these files and directories that can't be read can't; None if all can.

    What isn't there is left out. Of a file, one byte is read: a disk may fail only then. A FIFO or a device is none.
    """
    for path in paths:
        try:
            _read_a_little(path)
        except OSError as error:
            if not means_missing(error):
                return cant_tell(path, error)
    return None


def why_not_plain(paths: Mapping[str, int | None]) -> CantTell | None:
    """Return what is wrong with the first of these that is neither a directory nor a file of at most so many bytes.

    What isn't there, or may not be looked at, is left out.
    """
    for path, limit in paths.items():
        try:
            status = os.stat(path)
            if not stat.S_ISDIR(status.st_mode):
                check_plain(status, limit)
        except NotPlain as error:
            return cant_tell(path, error)
        except (OSError, ValueError):
            continue
    return None


def _read_a_little(path: str) -> None:
    if not stat.S_ISDIR(os.stat(path).st_mode):
        with opened(path) as descriptor:
            os.read(descriptor, 1)
        return
    with os.scandir(path):
        os.stat(os.path.join(path, "."))  # to enter it takes another permission than to list it


def head_of(path: str | Path, size: int) -> bytes:
    """Return the first `size` bytes of a file, never of a FIFO. Raises CantTell if they can't be read."""
    try:
        with opened(path) as descriptor:
            return os.read(descriptor, size)
    except OSError as error:
        raise cant_tell(path, error) from error


def why_unreadable_below(top: str) -> CantTell | None:
    """Do the same for a directory and everything below it; links are not followed."""
    error = why_unreadable([top])
    for directory, below, files in os.walk(top):
        error = error or why_unreadable(os.path.join(directory, name) for name in (*below, *files))
    return error


def remedy(error: CantTell, top: str) -> str:
    """Return what lets us read `top` and everything below it, which we couldn't for this reason."""
    if error.closed is None:
        return error.remedy
    if not HAS_MODES:
        return f"let yourself read {top}"
    change = "chmod -R u+rwX" if os.lstat(error.closed).st_uid == user() else 'sudo chown -R "$USER"'
    return f"run {change} {shell_quote(top)}"


def with_remedy(error: CantTell, top: str) -> CantTell:
    """Return the error with what to do about it."""
    return CantTell(f"{error}: {remedy(error, top)} and try again", error.closed, error.remedy)


@contextmanager
def naming_remedy(top: str) -> Iterator[None]:
    """Let each CantTell in the block say what to do about it."""
    try:
        yield
    except CantTell as error:
        raise with_remedy(error, top) from error
