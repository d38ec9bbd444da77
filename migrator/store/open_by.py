"""Which processes have a database open, where the system tells (Linux: /proc/*/fd)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import DatabaseInUse, Holder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PROC = Path("/proc")

SERVICE = "opencode's background service"
"""The name of a process that has registered as that; see opencode_2/services.py."""


def find_holders(database: Path) -> tuple[Holder, ...]:
    """Return the other processes that have the database, its log or its shared memory open, by pid."""
    wanted = _identities(f"{database}{suffix}" for suffix in ("", "-wal", "-shm"))
    processes = sorted(int(entry.name) for entry in _PROC.glob("[0-9]*"))
    return tuple(
        Holder(process, _name(process))
        for process in processes
        if process != os.getpid() and wanted & _identities(_descriptors(process))
    )


def databases_open_in(process: int) -> tuple[str, ...]:
    """Return the paths of the files ending in `.db` that a process has open; none where the system doesn't tell."""
    targets = []
    for path in _descriptors(process):
        with suppress(OSError):
            targets.append(os.readlink(path))
    return tuple(target for target in targets if target.endswith(".db"))


def holder_names(found: Sequence[Holder]) -> str:
    """Name processes for a sentence: `opencode (pid 4711)`."""
    return ", ".join(f"{holder.name} (pid {holder.pid})" for holder in found) or "another process"


def in_use_error(database: Path, found: Sequence[Holder], *, can_wait: bool) -> DatabaseInUse:
    """Return the error that names them; only commands that write have --wait."""
    close = "stop it with `opencode service stop`" if any(holder.name == SERVICE for holder in found) else "close it"
    then = f"{close}, or wait for it with --wait SECONDS." if can_wait else f"{close} and try again."
    return DatabaseInUse(f"{database} is in use by {holder_names(found)}; {then}", found)


def _descriptors(process: int) -> list[str]:
    """Return the paths below /proc of what a process has open; none if it has gone, or belongs to somebody else."""
    try:
        return [entry.path for entry in os.scandir(_PROC / str(process) / "fd")]
    except OSError:
        return []


def _identities(paths: Iterable[str]) -> set[tuple[int, int]]:
    """Return (device, inode) of each of these files that exists."""
    found = set()
    for path in paths:
        with suppress(OSError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return found


def _name(process: int) -> str:
    try:
        return (_PROC / str(process) / "comm").read_text().strip() or "?"
    except OSError:
        return "?"
