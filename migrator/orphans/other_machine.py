"""When not to suggest a home: the directory may belong to another machine.

A database is seen by more than one system: a container mounts it, a home directory is synchronised, a disk is carried
about. A directory of the other side doesn't exist here, and is fine over there. That the same repository is here too
says nothing, for that is how such set-ups are made. Moved here, its sessions would be lost there. So a home is
suggested, without `--search` or a mapping that the user gives, only for a directory that was once here: part of its
path, below /home or /Users, must still exist.

A path of Windows says itself where it may be here: where WSL mounts the drive, or in the home, if that was copied. So
does any path in a home, of a session that is known to come from another machine.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from migrator.disk.spelling import existing_directory
from migrator.errors import CantTell
from migrator.paths import below, is_of_this_system, looks_foreign, names_of, path_below, plain, trimmed, upwards

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVES_AT = ("/mnt/{}", "/{}")
"""Where WSL has the drives of Windows: by default, and with `root = /` in /etc/wsl.conf."""
_WSL = frozenset({"wsl.localhost", "wsl$"})
"""The servers by which Windows names the files of WSL, each distribution a share."""
_HOMES = frozenset({"home", "users"})
"""The directories, in lower case, that systems have homes in."""
_EVERYWHERE = frozenset({"/", "/home", "/Users"})
"""Directories that every system may have, so that they don't show that a directory in them was ever here."""


def why_other_machine(directory: str) -> str | None:
    """Say why a directory may be another machine's or container's; None if it is or was here.

    Disks that aren't mounted don't count here: their directories can't be read, so they are never taken for gone.
    """
    if not is_of_this_system(directory):
        return f"{directory} is a path of another system"
    if os.path.isdir(directory):
        return None
    if looks_foreign(directory):
        return f"{directory} is a path of another system"
    missing = trimmed(directory)
    while not os.path.isdir(above := os.path.dirname(missing)):
        missing = above
    if above in _EVERYWHERE:
        return f"nothing from {missing} on is here, so it may be of another machine or a container"
    return None


def counterparts(directory: str) -> list[tuple[str, str]]:
    """Return each directory that a path of another machine may be here, with what its `folder_to_follow` is here then.

    Only directories that exist are returned.
    """
    found = []
    for old, new in _folders(directory):
        with suppress(CantTell):
            names = path_below(directory, old).split("/")
            there = existing_directory(below(new, [name for name in names if name]), any_case=True)
            folder = existing_directory(new, any_case=True)
            if there and folder:
                found.append((there, folder))
    return found


def folder_to_follow(directory: str) -> str:
    """Return the folder of another machine that a path is in and that is likely to be one here: a home, or a drive."""
    root, names = [*upwards(plain(directory))][-1], names_of(directory)
    return below(root, names[:2] if names[1:] and names[0].lower() in _HOMES else [])


def _folders(directory: str) -> Iterator[tuple[str, str]]:
    """Yield a folder of another machine that a directory is in, and where it may be here."""
    folder = folder_to_follow(directory)
    drive, above = folder[0].lower(), names_of(folder)
    in_home = above and names_of(directory)[2:]  # a home itself is everywhere
    if folder.startswith("//"):
        if folder.split("/")[2].lower() in _WSL:
            yield folder, "/"
        return
    for mounted in DRIVES_AT if looks_foreign(directory) else ():
        yield folder, below(mounted.format(drive), above)
    if in_home:
        yield folder, os.path.expanduser("~")
