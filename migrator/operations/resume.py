"""`resume`: a run that was cut off is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NoSuchDirectory, StalePlan
from migrator.execution import runs
from migrator.execution.run_log import open_run, run_entries
from migrator.model import RunStatus
from migrator.operations.apply import open_writer
from migrator.operations.context import places_of
from migrator.operations.log import find_run

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.execution.journal import Journal
    from migrator.execution.journal_rows import RunEntry
    from migrator.model import Run
    from migrator.store.reader import Store


def find_run_to_resume(run: str | None, only: Path | None = None) -> RunEntry:
    """Return the run with this id; without one, the only run that was cut off (with `only`, on this database)."""
    if run is not None:
        return find_run(run, only)
    unfinished = [entry for entry in run_entries(str(only) if only else None) if entry.unfinished]
    if len(unfinished) != 1:
        named = ", ".join(entry.id for entry in unfinished)
        raise MigratorError(f"Say which run: {named} were cut off." if named else "No run was cut off.")
    return unfinished[0]


def resume_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Finish a run that was cut off."""
    with open_writer(path, write) as (writer, request), open_run(run, str(path)) as journal:
        _check_destinations(writer, journal)
        return runs.resume(writer, journal, request)


def _check_destinations(store: Store, run: Journal) -> None:
    """Refuse to finish a move to a directory that has gone since the run was cut off.

    An undo needs no directory. Nor does `relocate`, which keeps sub-paths whether or not they exist, and whose folder
    may be on another machine.
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
