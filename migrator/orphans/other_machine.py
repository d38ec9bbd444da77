"""When not to suggest a home: the directory may belong to another machine.

A database is seen by more than one system: a container mounts it, a home directory is synchronised, a disk is carried
about. A directory of the other side doesn't exist here, and is fine over there. That the same repository is here too
says nothing, for that is how such set-ups are made. Moved here, its sessions would be lost there. So a home is
suggested, without `--search` or a mapping that the user gives, only for a directory that was once here: part of its
path, below /home or /Users, must still exist.
"""

from __future__ import annotations

import os

_EVERYWHERE = frozenset({"/", "/home", "/Users"})
"""Directories that every system may have, so that they don't show that a directory in them was ever here."""


def why_other_machine(directory: str) -> str | None:
    """Say why a directory may be another machine's or container's; None if it is or was here.

    Disks that aren't mounted don't count here: their directories can't be read, so they are never taken for gone.
    """
    if not os.path.isabs(directory):
        return f"{directory} is a path of another system"
    if os.path.isdir(directory):
        return None
    missing = directory.rstrip("/")
    while not os.path.isdir(above := os.path.dirname(missing)):
        missing = above
    if above in _EVERYWHERE:
        return f"nothing from {missing} on is here, so it may be of another machine or a container"
    return None
