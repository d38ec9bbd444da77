"""Is a run going on? Its process holds a lock on its journal as long as it lives. Asking takes no lock.

The lock is on one byte far behind the end of the file, of a kind that belongs to the opened file ("open file
description lock"): it goes with the process, however that ends, and SQLite's own locks on the journal neither meet it
nor drop it. Only Linux has such locks; elsewhere nobody can tell.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import TYPE_CHECKING

from migrator.store.open_by import lock_holder

if TYPE_CHECKING:
    from pathlib import Path

_BYTE = (0x40000000 + 1024, 1)
"""First byte and number; SQLite locks the 512 bytes from 0x40000000 on."""


def hold(journal: Path) -> int | None:
    """Take the lock; it is held until the descriptor that this returns is closed. None where there are no such locks.

    Raises BlockingIOError if another process, or another part of this one, holds it.
    """
    kind = getattr(fcntl, "F_OFD_SETLK", None)
    if kind is None:
        return None
    descriptor = os.open(journal, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, kind, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, *_BYTE, 0))
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)  # a file system without locks: asking will fail, too
        return None
    return descriptor


def is_held(journal: Path) -> bool | None:
    """Tell whether a process holds the lock; None if nobody can tell."""
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return None
    try:
        return lock_holder(journal, _BYTE) is not None
    except OSError:
        return None
