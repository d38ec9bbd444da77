"""`redo`: the last undo is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.run_log import redone
from migrator.execution.traces import refuse_while_unfinished
from migrator.model import RunStatus
from migrator.operations.run_databases import find_run, runs_located
from migrator.store.reader import Store
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from migrator.operations.run_databases import FoundRun, LocatedRun


def find_run_to_redo(only: Path | None = None) -> FoundRun:
    """Return the undo that `redo` takes back (with `only`, on this database). Raises MigratorError if there is none."""
    undo, came_after = undo_to_redo(runs_located(only))
    if undo is None:
        where = f" of {only}" if only else ""
        raise MigratorError(
            f"There is nothing to redo: no run{where} is taken back; `{our_command('log')}` lists the runs so far."
        )
    if came_after is not None:
        raise MigratorError(
            f"There is nothing to redo: run {came_after} came after undo {undo}; `{our_command('undo', undo)}` takes "
            "that undo back all the same."
        )
    found = find_run(undo, only, "undo")
    with Store(found.path) as store:
        refuse_while_unfinished(store)
    return found


def undo_to_redo(located: Sequence[LocatedRun]) -> tuple[str | None, str | None]:
    """Return the undo that is to be taken back next: that of the last run, but for redos; None if there is none.

    Where another run came after each undo, also that run. One on another database doesn't come in between.
    """
    redos = redone(entry for entry, _, _ in located)
    came_after: dict[Path | None, str] = {}
    too_late: tuple[str | None, str | None] = (None, None)
    for entry, path, undone_by in reversed(located):
        if entry.status is not RunStatus.APPLIED or undone_by or entry.id in redos:
            continue
        if not entry.undoes:
            came_after.setdefault(path, entry.id)
        elif path not in came_after:
            return entry.id, None
        elif too_late == (None, None):
            too_late = entry.id, came_after[path]
    return too_late
