"""Reading small files of other programs: whatever lies there, it costs a bounded amount of memory and time."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from migrator.paths import upwards


def read_small(path: str, limit: int) -> bytes | None:
    """Return a regular file of at most `limit` bytes; None where there is none that can be read, or it is larger.

    A FIFO or a device in its place is never waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    try:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > limit:
            return None
        data = bytearray()
        while chunk := os.read(descriptor, limit + 1 - len(data)):
            data += chunk
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bytes(data) if len(data) <= limit else None


def names_in(directory: str, limit: int) -> list[str]:
    """Return at most `limit` names in a directory, sorted; none where it can't be read."""
    names: list[str] = []
    with suppress(OSError, ValueError), os.scandir(directory) as entries:
        for entry in entries:
            if len(names) == limit:
                break
            names.append(entry.name)
    return sorted(names)


def nearest_with(mark: str, directory: str) -> str | None:
    """Return the nearest directory, at or above an absolute one, in which there is something called `mark`."""
    return next((above for above in upwards(directory) if os.access(os.path.join(above, mark), os.F_OK)), None)


def real_path(path: str) -> str:
    """Return the real path as far as it exists; the path as it is where no file can be called that."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path
