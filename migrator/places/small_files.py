"""Reading small files of other programs: whatever lies there, it costs a bounded amount of memory and time."""

from __future__ import annotations

import os
from contextlib import suppress

from migrator.disk.bounded import read_file
from migrator.disk.spelling import as_on_disk
from migrator.disk.status import is_there
from migrator.paths import is_of_another_system, upwards


def read_small(path: str, limit: int) -> bytes | None:
    """Return the content of a regular file; None if it can't be read or is larger than `limit` bytes."""
    try:
        return read_file(path, limit)
    except OSError:
        return None


def readable_names(directory: str, limit: int) -> list[str]:
    """Return at most `limit` names in a directory, sorted; none if it can't be read."""
    names: list[str] = []
    with suppress(OSError, ValueError), os.scandir(directory) as entries:
        for entry in entries:
            if len(names) == limit:
                break
            names.append(entry.name)
    return sorted(names)


def nearest_with(name: str, directory: str) -> str | None:
    """Return the nearest directory, at or above an absolute one, that contains something called `name`.

    A link to nowhere is something. Raises CantTell if nobody can tell.
    """
    return next((above for above in upwards(directory) if is_there(os.path.join(above, name))), None)


def real_path(path: str) -> str:
    """Return the real path, spelled as on the disk, as far as it exists; the path itself if no file can have it."""
    if is_of_another_system(path):
        return path
    try:
        return as_on_disk(os.path.realpath(path))
    except (OSError, ValueError):
        return path
