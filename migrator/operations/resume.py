"""`resume`: a run that was cut off is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import NoSuchDirectory, StalePlan
from migrator.execution import runs
from migrator.execution.run_log import open_run
from migrator.model import RunStatus
from migrator.operations.apply import open_writer
from migrator.operations.context import places_of

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.execution.journal import Journal
    from migrator.model import Run
    from migrator.store.reader import Store


def resume_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Finish a run that was cut off."""
    with open_writer(path, write) as (writer, options), open_run(run) as journal:
        _check_destinations(writer, journal)
        return runs.resume(writer, journal, options)


def _check_destinations(store: Store, run: Journal) -> None:
    """Refuse to finish a move to a directory that has gone since it was cut off; taking back needs none.

    Nor does following a folder: its sub-paths are kept, whether or not they exist, and it may be on another machine.
    """
    entry = run.entry
    if entry.undoes or entry.relocates or entry.status is not RunStatus.RUNNING:
        return
    places = places_of(store)
    for directory in {change.after.directory for change in run.changes()}:
        try:
            places.find(directory)
        except NoSuchDirectory as gone:
            raise StalePlan(
                f"Run {entry.id} can't be finished: {gone}; or take it back with `opencode-migrator undo {entry.id}`.",
            ) from gone
