"""`resume`: a run that was cut off is finished."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.status import is_file
from migrator.errors import MigratorError, NoSuchDirectory, StalePlan
from migrator.execution import runs
from migrator.execution.run_log import open_run
from migrator.execution.traces import command
from migrator.model import RunStatus
from migrator.operations.apply import open_writer
from migrator.operations.context import places_of
from migrator.operations.run_databases import check_here, find_run, runs_located
from migrator.paths import FolderMap, renamed_folder
from migrator.planning.merge.compatibility import check_columns, check_versions
from migrator.snapshots.repositories.layout import Layout
from migrator.store.location import is_same_file
from migrator.store.untouched import untouched

if TYPE_CHECKING:
    from migrator.arguments import WriteRequest
    from migrator.execution.journal import Journal
    from migrator.model import Binding, Run
    from migrator.operations.run_databases import FoundRun
    from migrator.places import Places
    from migrator.store.reader import Store


def find_run_to_resume(run: str | None, only: Path | None = None) -> FoundRun:
    """Return the run with this id; without one, the only run that was cut off (with `only`, on this database)."""
    if run is not None:
        return find_run(run, only, "resume")
    every = [located for located in runs_located(only) if located.entry.unfinished]
    unfinished = [located for located in every if located.path is not None] or every
    unfinished = [located for located in unfinished if not located.entry.is_running] or unfinished
    if len(unfinished) != 1:
        named = ", ".join(located.entry.id for located in unfinished)
        raise MigratorError(
            f"Several runs were cut off, say which: {named}."
            if named
            else "No run was cut off, so there is nothing to resume; `opencode-migrator log` lists the runs."
        )
    return find_run(unfinished[0].entry.id, only, "resume")


def resume_run(path: Path, run: str, write: WriteRequest) -> Run:
    """Finish a run that was cut off."""
    with open_writer(path, write) as (writer, request), open_run(run, str(path)) as journal:
        check_here(writer, journal.entry, "resume")
        _check_destinations(writer, journal)
        _check_carried(writer, journal)
        _check_source(writer, journal)
        return runs.resume(writer, journal, request)


def _check_source(store: Store, run: Journal) -> None:
    """Refuse to go on bringing rows of a database that an opencode has upgraded since: what is new would stay there."""
    merge = run.merge
    if merge is None or merge.taken_out or run.source:
        return
    if is_same_file(merge.other, store.path):
        raise _not_imported_again(store, run)
    with untouched(Path(merge.other)) as view, view.store() as theirs:
        if store.schema.has_v2 and not theirs.schema.has_v2:
            raise _not_imported_again(store, run)
        check_versions(store, theirs)
        check_columns(store, theirs, [change.session for change in run.changes()])


def _not_imported_again(store: Store, run: Journal) -> MigratorError:
    """Return the refusal to finish a run that brings what an opencode 2 imported, which nobody has kept."""
    return MigratorError(
        f"Run {run.entry.id} brings what an opencode 2 has made of sessions of opencode 1, and only `merge` runs one: "
        f"take back what is written with `{command('undo', run.entry, store)}`, then merge again."
    )


def _check_destinations(store: Store, run: Journal) -> None:
    """Refuse to finish a move to a directory that has gone since the run was cut off.

    It hasn't if it was renamed together with the database: all that the run has moved is bound to its old path too. An
    undo needs no directory. Nor does `relocate`, which keeps sub-paths whether or not they exist, and whose folder may
    be on another machine, nor `merge`, which may bring sessions of another machine.
    """
    entry = run.entry
    if entry.undoes or entry.relocates or run.merge is not None or entry.status is not RunStatus.RUNNING:
        return
    places, undo = places_of(store), command("undo", entry, store)
    folder = renamed_folder(entry.store, str(store.path))
    renamed = FolderMap([folder] if folder else [])
    for binding in {change.after for change in run.changes()}:
        try:
            places.find(binding.directory)
        except NoSuchDirectory as gone:
            new = renamed.new_path(binding.directory)
            if new is None or not _is_place_of(places, new, binding):
                raise StalePlan(f"Run {entry.id} can't be finished: {gone}; or take it back with `{undo}`.") from gone


def _check_carried(store: Store, run: Journal) -> None:
    """Refuse to finish a run on a database that was moved without the snapshots that the run has carried."""
    entry, layout = run.entry, Layout.of(store)
    if is_same_file(entry.store, store.path) or entry.status is not RunStatus.RUNNING:
        return
    for carried in run.carried():
        target = layout.as_of_now(carried.target)
        if not is_file(f"{target}/HEAD"):
            raise StalePlan(
                f"Run {entry.id} can't be finished: the snapshots that it has carried are not at {target}, and without "
                f"them an undo in opencode would delete files; take it back with `{command('undo', entry, store)}`.",
            )


def _is_place_of(places: Places, directory: str, binding: Binding) -> bool:
    """Tell whether a directory is that of a binding under another name: of the same project, as far below its top."""
    try:
        place = places.find(directory)
    except NoSuchDirectory:
        return False
    return place.project_id == binding.project_id and binding.path in {None, place.path}
