"""What is on the disk: yes, no, or can't tell and why. What can't be looked at is never taken for missing.

Where the answer is needed, CantTell stops us; where it is only shown, its message says what can't be told.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.disk.bounded import NotPlain, read_file
from migrator.disk.system import HAS_MODES, is_mounted_read_only, name_of_user, open_descriptors
from migrator.errors import CantTell
from migrator.paths import is_of_another_system, upwards

if TYPE_CHECKING:
    from pathlib import Path

_INVALID_NAME = 123
_AS_WE_ARE = os.access in os.supports_effective_ids


def status_of(path: str | Path) -> os.stat_result | None:
    """Return what is at a path, through links; None if nothing is. Raises CantTell if that can't be told."""
    if is_of_another_system(str(path)):
        return None
    try:
        return os.stat(path)
    except (OSError, ValueError) as error:
        _check_missing(path, error)
        return None


def is_there(path: str | Path) -> bool:
    """Tell whether anything has this path, if only a link that leads nowhere. Raises CantTell if that can't be told."""
    if is_of_another_system(str(path)):
        return False
    try:
        os.lstat(path)
    except (OSError, ValueError) as error:
        _check_missing(path, error)
        return False
    return True


def no_directory(path: str | Path) -> str:
    """Return in words why a path is no directory: nothing is there, or something else is. Raises CantTell as above."""
    return "is no directory" if is_there(path) else "does not exist"


def is_gone(path: str | Path) -> bool:
    """Tell whether it is certain that nothing has this path: not where that can't be told."""
    try:
        return not is_there(path)
    except CantTell:
        return False


def is_directory(path: str | Path) -> bool:
    """Tell whether there is a directory. Raises CantTell if that can't be told."""
    status = status_of(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_file(path: str | Path) -> bool:
    """Tell whether there is a regular file. Raises CantTell if that can't be told."""
    status = status_of(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def names_in(directory: str | Path) -> list[str]:
    """Return the names in a directory, sorted; none if it isn't there. Raises CantTell if it can't be read."""
    try:
        return sorted(os.listdir(directory))
    except (OSError, ValueError) as error:
        _check_missing(directory, error)
        return []


def content_of(path: str | Path, limit: int) -> bytes:
    """Return what is in a file of at most `limit` bytes, b"" if it isn't there. Raises CantTell if it can't be read."""
    try:
        return read_file(path, limit)
    except OSError as error:
        _check_missing(path, error)
        return b""


def means_missing(error: OSError | ValueError) -> bool:
    """Tell whether an error means that nothing has a path.

    ValueError: a NUL, which no name has. ERROR_INVALID_NAME, as Windows says of `*`, `?` and the like. ENAMETOOLONG: no
    name here has so many bytes; one of another system may.
    """
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return True
    return error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == _INVALID_NAME


def _check_missing(path: str | Path, error: OSError | ValueError) -> None:
    """Raise CantTell unless an error means that nothing has a path."""
    if isinstance(error, OSError) and not means_missing(error):
        raise cant_tell(path, error) from error


def is_open_here(status: os.stat_result) -> bool:
    """Tell whether this process has a file open: it reads it, or it is a database that it has locked."""
    return open_descriptor(status) is not None


def open_descriptor(status: os.stat_result) -> int | None:
    """Return a descriptor by which this process has a file open already; None if it has none.

    To open a database once more, other than by SQLite, and to close it again drops every lock that we have on it; not
    on Windows, which lists none.
    """
    for descriptor in open_descriptors():
        with suppress(OSError):
            if os.path.samestat(status, os.fstat(descriptor)):
                return descriptor
    return None


def why_not_writable(path: str | Path) -> str | None:
    """Return why an existing file or directory can't be written to, as part of a sentence; None if it can."""
    need = os.W_OK | os.X_OK if os.path.isdir(path) else os.W_OK
    if os.access(path, need, effective_ids=_AS_WE_ARE):
        return None
    try:
        is_read_only = is_mounted_read_only(path)
    except OSError as error:  # such as a link that leads to itself
        return str(cant_tell(path, error))
    if is_read_only:
        return f"{path} is on a file system that is mounted read-only"
    return f"you may not write to {path}, which {_whose(path)}"


def closed_part(path: str | Path) -> str:
    """Return what keeps us from reading a path: the first directory on the way that we may not enter, else itself."""
    for above in reversed([*upwards(os.path.abspath(path))][1:]):
        if not os.access(above, os.X_OK, effective_ids=_AS_WE_ARE):
            return above
    return str(path)


def cant_tell(path: str | Path, error: OSError) -> CantTell:
    """Return the error that says why nobody can tell what is at a path."""
    said = error.strerror or str(error)
    closed = closed_part(path) if isinstance(error, PermissionError) else None
    if closed is not None:
        said += f"; {'it' if closed == str(path) else closed} {_whose(closed)}"
    remedy = "move it away" if isinstance(error, NotPlain) else "check the disk that it is on"
    return CantTell(f"{path} can't be looked at: {said}", closed, remedy)


def _whose(path: str | Path) -> str:
    status = os.lstat(path)
    if not HAS_MODES:
        return "is closed to you, or marked as read-only"
    return f"belongs to {name_of_user(status.st_uid)} (mode {stat.S_IMODE(status.st_mode):03o})"
