"""Which processes have a database open, where the system tells (Linux: /proc/*/fd)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import DatabaseInUse, Holder

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROC = Path("/proc")

SERVICE = "opencode's background service"
"""The name of a process that has registered as that; see opencode_2/services.py."""


def find_holders(database: Path) -> tuple[Holder, ...]:
    """Return the other processes that have the database, its log or its shared memory open, by pid."""
    wanted = {
        (status.st_dev, status.st_ino)
        for suffix in ("", "-wal", "-shm")
        if (status := _status(f"{database}{suffix}")) is not None
    }
    found = [
        Holder(process, _name(process))
        for process in sorted(_processes())
        if process != os.getpid() and wanted & _open_files(process)
    ]
    return tuple(found)


def databases_open_in(process: int) -> tuple[str, ...]:
    """Return the paths of the files ending in `.db` that a process has open; none where the system doesn't tell."""
    found = []
    try:
        descriptors = [entry.path for entry in os.scandir(_PROC / str(process) / "fd")]
    except OSError:
        return ()
    for path in descriptors:
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if target.endswith(".db"):
            found.append(target)
    return tuple(found)


def holder_names(found: Sequence[Holder]) -> str:
    """Name processes for a sentence: `opencode (pid 4711)`."""
    return ", ".join(f"{holder.name} (pid {holder.pid})" for holder in found) or "another process"


def in_use_error(database: Path, found: Sequence[Holder], *, can_wait: bool) -> DatabaseInUse:
    """Return the error that names them; only commands that write have --wait."""
    close = "stop it with `opencode service stop`" if any(holder.name == SERVICE for holder in found) else "close it"
    then = f"{close}, or wait for it with --wait SECONDS." if can_wait else f"{close} and try again."
    return DatabaseInUse(f"{database} is in use by {holder_names(found)}; {then}", found)


def _processes() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []


def _open_files(process: int) -> set[tuple[int, int]]:
    try:
        descriptors = [entry.path for entry in os.scandir(_PROC / str(process) / "fd")]
    except OSError:  # it has gone, or belongs to somebody else
        return set()
    return {(status.st_dev, status.st_ino) for path in descriptors if (status := _status(path)) is not None}


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _name(process: int) -> str:
    try:
        return (_PROC / str(process) / "comm").read_text().strip() or "?"
    except OSError:
        return "?"
