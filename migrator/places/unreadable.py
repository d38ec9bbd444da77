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


def is_there(path: str) -> bool:
    """Tell whether there is anything at `path`, be it a link to nowhere. Raises MigratorError if nobody can tell."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise cant_look(path, error) from error
    return True


def is_directory(path: str) -> bool:
    """Tell whether `path` is a directory or a link to one. Raises MigratorError if nobody can tell."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}:
            return False
        raise cant_look(path, error) from error


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
        except (FileNotFoundError, NotADirectoryError, BlockingIOError):
            continue
        except OSError as error:
            error.filename = path
            return error
    return None


def why_unreadable_below(top: str) -> OSError | None:
    """Do the same for a directory and everything below it; links are not followed."""
    errors: list[OSError] = []
    for directory, _, files in os.walk(top, onerror=errors.append):
        error = why_unreadable([directory, *(os.path.join(directory, name) for name in files)])
        if error is not None or errors:
            return error or errors[0]
    return errors[0] if errors else None


def cant_look(path: str, error: OSError) -> MigratorError:
    """Return the refusal that says what can't be read, why, and what mends it."""
    return MigratorError(f"{path} can't be read ({error.strerror}): {how_to_read(path, error)} and try again")


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
