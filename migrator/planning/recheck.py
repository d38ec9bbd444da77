"""Check on the disk that the destination is still what the plan says: under the lock, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.disk.spelling import as_on_disk, is_one_name
from migrator.disk.status import is_directory
from migrator.errors import NoSuchDirectory, StalePlan, UnreadableDirectory
from migrator.model import FolderState, MergeVerdict, ProjectAction
from migrator.places.opencode_1 import place_of_opencode_1
from migrator.planning.relocation.destination import Relocation

if TYPE_CHECKING:
    from migrator.model import FolderMoves, Merge, Plan
    from migrator.places import Places
    from migrator.store.reader import Store


def recheck(plan: Plan, store: Store, places: Places) -> Plan:
    """Return the plan to apply: it differs only if folders that were still to be moved have moved by now.

    They have if no old one is left. Raises StalePlan if a destination has gone, or has become another place, since the
    plan was made, and MigratorError if nobody can tell.
    """
    _check_projects(plan, store)
    try:
        if plan.relocated is None:
            _check_directories(plan, store, places)
            return plan
        folders = plan.relocated
        if folders.state is FolderState.WILL_MOVE and not any(_is_waiting(*pair) for pair in folders.folders):
            folders = replace(folders, state=FolderState.MOVED)
        _check_relocated(plan, folders, store, places)
    except UnreadableDirectory:
        raise
    except NoSuchDirectory as error:
        raise StalePlan.since(error) from error
    return replace(plan, relocated=folders)


def recheck_merge(plan: Plan, merge: Merge, store: Store, places: Places) -> None:
    """Raise StalePlan if a merge can't bring sessions to where its plan says any more.

    A project has no row by now, or opencode would take a directory for another place.
    """
    _check_projects(plan, store)
    here = {session.session for session in merge.sessions if session.verdict is not MergeVerdict.NEW}
    wanted = {change.after for change in plan.changes if not here & {change.session, change.root}}
    for binding in wanted:
        if binding.directory in merge.foreign:
            continue
        try:
            now = store.schema.storable(places.find(binding.directory).binding)
        except NoSuchDirectory as error:
            raise StalePlan.since(error) from error
        if now != binding:
            raise StalePlan.since(
                f"opencode would file sessions in {binding.directory} under project {now.project_id} now, and the plan "
                f"says {binding.project_id}"
            )


def _check_projects(plan: Plan, store: Store) -> None:
    """Raise StalePlan if a project that had a row when the plan was made has none any more."""
    rows = {project.id for project in store.projects()}
    for project in plan.projects:
        if project.action is ProjectAction.EXISTS and project.id not in rows:
            raise StalePlan.since(f"project {project.id} has no row any more")


def _is_waiting(old: str, new: str) -> bool:
    """Tell whether a folder is still at its old place; where only the case of its name changes, both names find it."""
    return is_directory(old) and not (is_one_name(old, new) and as_on_disk(new) == new)


def _check_directories(plan: Plan, store: Store, places: Places) -> None:
    """Ask again what opencode makes of each destination."""
    only_in_1 = frozenset(store.never_imported())
    targets = dict.fromkeys((change.after, change.session in only_in_1) for change in plan.changes if change.moves)
    for wanted, of_1 in targets:
        place = places.find(wanted.directory)
        found = (place_of_opencode_1(place) if of_1 else place).binding
        now = store.schema.storable(found)
        for field, value, planned in zip(now._fields, now, wanted, strict=True):
            if value != planned:
                raise StalePlan.since(
                    f"opencode would give sessions in {wanted.directory} the {field} {value!r} now, and the plan says "
                    f"{planned!r}",
                )


def _check_relocated(plan: Plan, folders: FolderMoves, store: Store, places: Places) -> None:
    """Ask again where the sessions of each folder belong."""
    relocation = Relocation(places, folders, store.workspaces())
    relocation.resolver.check_folders()
    only_in_1 = frozenset(store.never_imported())
    moves = dict.fromkeys((change.before, change.after, change.session in only_in_1) for change in plan.changes)
    for before, after, of_1 in moves:
        place = relocation.place(before)
        if place is not None and of_1:
            place = place_of_opencode_1(place)
        found = before if place is None else store.schema.storable(place.binding)
        if found != after:
            raise StalePlan.since(
                f"opencode would resolve {after.directory} to project {found.project_id} in {found.directory} now, and "
                f"the plan says project {after.project_id}",
            )
    for project in plan.updates:
        if not relocation.resolver.is_of_project(project.worktree, project.id):
            raise StalePlan.since(
                f"opencode would take {project.worktree} for another project than {project.id} now",
            )
