"""Is a run going on? Its process holds a lock on its journal as long as it lives.

The lock is on one byte far behind the end of the file, of a kind that belongs to the opened file ("open file
description lock"): it goes with the process, however that ends, and SQLite's own locks on the journal neither meet it
nor drop it. Asking takes no such lock. Where there are none, as on Windows, it is a file beside the journal that is
locked; to ask is to lock it for a moment.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.disk.processes import has_locks_of_open_files, lock_holder, lock_open_file
from migrator.disk.system import file_locked, open_flags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BYTE = (0x40000000 + 1024, 1)
"""First byte and number; SQLite locks the 512 bytes from 0x40000000 on."""
_ASKED_SECONDS = 1.0
"""How long somebody else may be asking."""


def hold(journal: Path) -> Callable[[], None] | None:
    """Take the lock; return what lets go of it. None where there are no locks.

    Raises BlockingIOError if another process, or another part of this one, holds it.
    """
    if not has_locks_of_open_files():
        return file_locked(f"{journal}.lock", _ASKED_SECONDS)
    descriptor = os.open(journal, open_flags("O_RDWR"))
    try:
        is_locked = lock_open_file(descriptor, _BYTE)
    except BlockingIOError:
        os.close(descriptor)
        raise
    if not is_locked:
        os.close(descriptor)
        return None
    return lambda: os.close(descriptor)


def is_held(journal: Path) -> bool | None:
    """Tell whether a process holds the lock; None if nobody can tell."""
    try:
        if has_locks_of_open_files():
            return lock_holder(journal, _BYTE) is not None
        if not os.path.exists(f"{journal}.lock"):  # an earlier version has written it, or another system
            return None
        file_locked(f"{journal}.lock", 0)()
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False
