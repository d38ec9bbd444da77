"""`gc`: remove the snapshot repositories that our runs left behind and that are no longer needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.gc import find_leftovers, remove
from migrator.operations.apply import open_writer
from migrator.operations.context import places_of
from migrator.progress import counted, doing
from migrator.state_dir import now_ms

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.execution.gc import Leftover
    from migrator.operations.context import CommandContext


def days_ago(days: int) -> int:
    """Return the time so many days ago, in milliseconds."""
    return now_ms() - days * 86_400_000


def list_leftovers(context: CommandContext, older_than: int | None = None) -> list[Leftover]:
    """Return the snapshot repositories that our runs left behind; `older_than` is as in `remove_leftovers`."""
    with doing("Looking at snapshots that runs left behind"):
        return find_leftovers(context.store, context.places, older_than)


def remove_leftovers(path: Path, write: WriteRequest, older_than: int | None = None) -> list[Leftover]:
    """Remove the snapshot repositories that are no longer needed; return all that our runs left, judged under the lock.

    What could not be removed has a `remedy`. Runs that began before `older_than`, in milliseconds, can't be taken back
    any more where that would need one.
    """
    with open_writer(path, write) as (writer, _):
        with doing("Looking at snapshots that runs left behind"):
            found = find_leftovers(writer, places_of(writer), older_than)
        return [*remove(counted(found, "Removing snapshots", "repositories"), str(path))]
