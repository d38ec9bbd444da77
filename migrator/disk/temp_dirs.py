"""Temporary folders in which something is prepared before it is moved into place; a killed process leaves its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "opencode-migrator-incoming-"


def remove_abandoned(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose process was killed."""
    for left in parent.glob(f"{PREFIX}*"):
        with suppress(OSError), locked(left, wait=False):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Make a folder in `parent` that exists and is locked as long as the block lasts.

    One that isn't locked was left by a process that was killed, on whatever machine.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            with ExitStack() as lock:
                try:
                    lock.enter_context(locked(path, wait=False))
                except (BlockingIOError, FileNotFoundError):
                    continue  # somebody takes it for abandoned, or has removed it already
                if path.exists():
                    yield path
                    return
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(directory: Path, *, wait: bool = True) -> Iterator[None]:
    """Lock a directory against others who lock it; without `wait`, raises BlockingIOError if somebody has."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
