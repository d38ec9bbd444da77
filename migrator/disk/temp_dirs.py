"""Temporary folders in which something is prepared before it is moved into place; a killed process leaves its own."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.status import cant_tell
from migrator.disk.system import locked, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.errors import CantTell

PREFIX = "opencode-migrator-incoming-"


def abandoned(parent: Path) -> Iterator[tuple[Path, CantTell | None]]:
    """Yield the temporary folders in `parent` whose process was killed, or could not remove all that is in them.

    Each is locked as long as it is the last; with it comes why nobody can tell whether it is one, None if it is.
    """
    for left in sorted(parent.glob(f"{PREFIX}*")):
        try:
            with locked(left, wait=False):
                yield left, None
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError as error:
            yield left, cant_tell(left, error)


def remove_abandoned(parent: Path) -> None:
    """Remove them, so far as that is possible; in the directories of snapshots, `gc` names what is left."""
    for left, why in abandoned(parent):
        if why is None:
            remove_tree(left, ignore_errors=True)


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
            remove_tree(path, ignore_errors=True)
