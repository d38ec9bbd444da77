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
    from pathlib import Path

    from migrator.operations.run_databases import FoundRun


def find_run_to_redo(only: Path | None = None) -> FoundRun:
    """Return the undo that `redo` takes back (with `only`, on this database): that of the last run, but for redos.

    A run on another database doesn't come in between. Raises MigratorError if there is none.
    """
    located = runs_located(only)
    entries = [entry for entry, _, _ in located]
    came_after: dict[Path | None, str] = {}
    too_late = None
    for entry, path, undone_by in reversed(located):
        if entry.status is not RunStatus.APPLIED or undone_by or redone(entry.id, entries):
            continue
        if not entry.undoes:
            came_after.setdefault(path, entry.id)
        elif path not in came_after:
            found = find_run(entry.id, only, "undo")
            with Store(found.path) as store:
                refuse_while_unfinished(store)
            return found
        else:
            too_late = too_late or (came_after[path], entry.id)
    if too_late:
        later, undo = too_late
        raise MigratorError(
            f"There is nothing to redo: run {later} came after undo {undo}; `{our_command('undo', undo)}` takes that "
            "undo back all the same."
        )
    where = f" of {only}" if only else ""
    raise MigratorError(
        f"There is nothing to redo: no run{where} is taken back; `{our_command('log')}` lists the runs so far."
    )
