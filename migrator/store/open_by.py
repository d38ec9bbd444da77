"""Who has a database open: what the lock that a run takes would meet, and which processes the system shows.

An open connection to a database in WAL mode, even an idle one, holds a lock on it (seen with opencode 1.18.34). The
system tells of that lock wherever its holder is, also where it doesn't show the process: one of another user, or in
another container, or on a system without /proc.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from migrator.disk.processes import holders_of, lock_holder, name_of, open_files
from migrator.errors import DatabaseInUse, Holder
from migrator.face import spelt
from migrator.progress import doing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICE = "opencode's background service"
"""The name of a process that has registered as that; see opencode_2/services.py."""

_POLL_SECONDS = 0.2
T = TypeVar("T")

_LOCK_BYTES = (0x40000000, 512)
"""Where SQLite locks a database: first byte and number, from "PENDING" to the last "SHARED" one (its os_unix.c)."""


class OpenBy(NamedTuple):
    """Whether anybody else has a database open, None if that can't be told, and who as far as the system says.

    `why` says why it can't be told whether it is open, or by whom.
    """

    is_open: bool | None
    holders: tuple[Holder, ...] = ()
    why: str = ""


def who_has_open(database: Path) -> OpenBy:
    """Ask what a run is about to ask, whether nobody else has the database open, without taking or changing anything.

    The lock of a run itself, taken for a moment, would make an opencode that starts meanwhile fail at once (seen with
    1.18.34), and closing the file again might write to it.
    """
    shown = find_holders(database)
    try:
        pid = lock_holder(database, _LOCK_BYTES)
    except OSError as error:
        return OpenBy(True, shown) if shown else OpenBy(None, (), f"its locks can't be read ({error.strerror})")
    if pid is not None and pid > 0 and pid not in {holder.pid for holder in shown}:
        shown = (*shown, Holder(pid, name_of(pid)))
    if shown or pid is None:
        return OpenBy(bool(shown), shown)
    return OpenBy(True, (), "the system doesn't say which: it may be in a container, or on a machine that shares it")


def find_holders(database: Path) -> tuple[Holder, ...]:
    """Return the other processes that have the database, its log or its shared memory open, by pid.

    Only those that the system shows: none of another user, and none of another container.
    """
    return holders_of(f"{database}{suffix}" for suffix in ("", "-wal", "-shm"))


def databases_open_in(process: int) -> tuple[str, ...]:
    """Return the paths of the files ending in `.db` that a process has open; none where the system doesn't tell."""
    return tuple(path for path in open_files(process) if path.endswith(".db"))


def holder_names(found: OpenBy) -> str:
    """Name processes for a sentence: `opencode (pid 4711)`."""
    if found.holders:
        return ", ".join(f"{holder.name} (pid {holder.pid})" for holder in found.holders)
    return f"another process ({found.why})" if found.why else "another process"


def in_use_error(database: Path, found: OpenBy, *, can_wait: bool) -> DatabaseInUse:
    """Return the error that names them; only commands that write have --wait."""
    is_service = any(holder.name == SERVICE for holder in found.holders)
    close = "stop it with `opencode service stop`" if is_service else "close it"
    then = f"{close}, or wait for it with {spelt('--wait', 'SECONDS')}." if can_wait else f"{close} and try again."
    return DatabaseInUse(f"{database} is in use by {holder_names(found)}; {then}", found.holders, can_wait=can_wait)


def until_free(attempt: Callable[[], T], seconds: float, waiting: Callable[[], None] = lambda: None) -> T:
    """Try until nobody else has the database open, for so many seconds at most, and return what `attempt` does.

    `waiting` is called before each new try. Raises DatabaseInUse.
    """
    began, told = time.monotonic(), 0
    with ExitStack() as shown:
        advance = None
        while True:
            try:
                return attempt()
            except DatabaseInUse as error:
                if time.monotonic() >= began + seconds:
                    raise
                if advance is None:
                    whom = holder_names(OpenBy(True, error.holders))
                    advance = shown.enter_context(doing(f"Waiting for {whom}", round(seconds), "s"))
            waiting()
            time.sleep(_POLL_SECONDS)
            whole = int(time.monotonic() - began)
            advance(whole - told)
            told = whole
