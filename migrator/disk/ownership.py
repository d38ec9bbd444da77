"""Whose the files are that we make: root that works on somebody else's database leaves everything theirs.

SQLite does so itself with what it makes beside a database (its os_unix.c); these are the files that are ours.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.system import open_flags, user
from migrator.paths import path_below, upwards

if TYPE_CHECKING:
    from pathlib import Path


class Owner(NamedTuple):
    """A user and a group, by number."""

    user: int
    group: int


def owner_of(path: str | Path) -> Owner | None:
    """Return whose a file or directory is, or the nearest one above it that exists, if we are root and it isn't ours.

    None means that what is made there is as it should be.
    """
    if user() != 0:
        return None
    for above in upwards(os.path.abspath(path)):
        with suppress(OSError):
            status = os.stat(above)
            return Owner(status.st_uid, status.st_gid) if status.st_uid != 0 else None
    return None


def give(descriptor: int, owner: Owner | None) -> None:
    """Give an open file or directory that we have just made to its owner, on file systems that know of any.

    Nothing is given that somebody else may have put in its place: what belongs to another, or has a second name.
    """
    status = os.fstat(descriptor)
    if owner is None or status.st_uid != 0 or (status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode)):
        return
    with suppress(OSError):
        os.fchown(descriptor, *owner)


def give_path(path: str | Path, owner: Owner | None) -> None:
    """Do the same with one that isn't open; a link is never followed."""
    if owner is None:
        return
    with suppress(OSError):
        descriptor = os.open(path, open_flags("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK"))
        try:
            give(descriptor, owner)
        finally:
            os.close(descriptor)


def make_directory(path: str | Path, owner: Owner | None, mode: int = 0o777) -> Owner | None:
    """Make a directory and those above it that are missing, and give them to `owner`; others stay as they are.

    `mode` is that of the last one. Return to whom what is made in it is given: to nobody if a link leads there, unless
    it leads to what is theirs. Else they could have whatever they like made their own. Raises OSError, also where a
    link leads nowhere: what it leads to may be a disk that isn't mounted.
    """
    nearest = next(above for above in upwards(os.path.abspath(path)) if os.path.lexists(above))
    try:
        os.stat(nearest)
    except FileNotFoundError as error:
        raise OSError(error.errno, f"{nearest} is a link to {os.path.realpath(nearest)}, which is not there") from None
    if owner is None:
        os.makedirs(path, mode, exist_ok=True)
        return None
    path = os.path.abspath(path)
    there = next(above for above in upwards(path) if os.path.isdir(above))
    names = [name for name in path_below(path, there).split("/") if name]
    descriptor = os.open(there, open_flags("O_RDONLY", "O_DIRECTORY"))
    try:
        is_theirs = os.fstat(descriptor).st_uid == owner.user or os.path.realpath(there) == there
        given = owner if is_theirs else None
        for left, name in zip(reversed(range(len(names))), names, strict=True):
            with suppress(FileExistsError):  # somebody else has made it meanwhile
                os.mkdir(name, 0o777 if left else mode, dir_fd=descriptor)
            made = os.open(name, open_flags("O_RDONLY", "O_DIRECTORY", "O_NOFOLLOW"), dir_fd=descriptor)
            os.close(descriptor)
            descriptor = made
            give(descriptor, given)
        return given
    finally:
        os.close(descriptor)
