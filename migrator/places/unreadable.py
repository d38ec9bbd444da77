"""What can't be looked at: that it is so, why, and what mends it. It is never taken for what isn't there."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.paths import upwards

if TYPE_CHECKING:
    from collections.abc import Iterable


_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""What the system says of a path at which there can be nothing. Whatever else it says, there may be something."""


def is_there(path: str, top: str | None = None) -> bool:
    """Tell whether there is anything at `path`, be it a link to nowhere. Raises MigratorError if nobody can tell.

    `top` is the directory that has to be made readable then, by default the path itself.
    """
    try:
        os.lstat(path)
    except OSError as error:
        refuse_unless_nothing_is_there(path, error, top)
        return False
    return True


def is_directory(path: str) -> bool:
    """Tell whether `path` is a directory or a link to one. Raises MigratorError if nobody can tell."""
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def status(path: str) -> os.stat_result | None:
    """Return what `os.stat` says, which follows links; None if nothing is there. Raises as `is_directory` does."""
    try:
        return os.stat(path)
    except ValueError:  # a NUL, which is in no name
        return None
    except OSError as error:
        refuse_unless_nothing_is_there(path, error)
        return None


def entries(directory: str, top: str | None = None) -> list[str]:
    """Return the paths of what is in a directory, sorted; none if it isn't there. Raises as `is_there` does."""
    try:
        return [os.path.join(directory, name) for name in sorted(os.listdir(directory))]
    except OSError as error:
        refuse_unless_nothing_is_there(directory, error, top)
        return []


def refuse_unless_nothing_is_there(path: str, error: OSError, top: str | None = None) -> None:
    """Raise MigratorError for an error after which there may be something at `path`; `top` as for `is_there`."""
    if error.errno not in _NOTHING_THERE:
        raise cant_look(path, error, top) from error


def why_unreadable(paths: Iterable[str]) -> OSError | None:
    """Return what the system says of the first of these files and directories that can't be read; None if all can.

    What isn't there is left out. Of a file, one byte is read: a disk may fail only then.
    """
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                if os.path.isdir(path):
                    os.stat(os.path.join(path, "."))  # to enter it takes another permission than to list it
                else:
                    os.read(descriptor, 1)
            finally:
                os.close(descriptor)
        except BlockingIOError:
            continue
        except OSError as error:
            if error.errno not in _NOTHING_THERE:
                error.filename = path
                return error
    return None


def why_unreadable_below(top: str) -> OSError | None:
    """Do the same for a directory and everything below it; links are not followed."""
    error = why_unreadable([top])
    for directory, below, files in os.walk(top):
        error = error or why_unreadable(os.path.join(directory, name) for name in (*below, *files))
    return error


def cant_look(path: str, error: OSError, top: str | None = None) -> MigratorError:
    """Return the refusal that says what can't be read, why, and what mends it; `top` as for `is_there`."""
    return MigratorError(f"{path} can't be read ({error.strerror}): {how_to_read(top or path, error)} and try again")


def how_to_read(top: str, error: OSError) -> str:
    """Return what makes `top` and all below it readable after this error, which names what it was about."""
    if not isinstance(error, PermissionError):
        return "check the disk that it is on"
    blocking = os.fsdecode(error.filename or top)
    change = "chmod -R u+rwX" if _owner(blocking) == os.geteuid() else 'sudo chown -R "$USER"'
    return f"run {change} {shlex.quote(top)}"


def _owner(path: str) -> int | None:
    """Return the user id of whom the deepest part of `path` belongs to that can be looked at."""
    for above in upwards(path):
        try:
            return os.stat(above).st_uid
        except OSError:
            continue
    return None
