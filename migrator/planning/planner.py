"""Plan a move: what each selected session becomes at its destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.disk.mounts import locks_of
from migrator.face import who_else_may_write
from migrator.model import (
    GLOBAL,
    READ_ONLY,
    REGISTER_GLOBAL,
    Change,
    FileUndo,
    Place,
    Plan,
    PlanWarning,
    ProjectAction,
    ProjectChange,
)
from migrator.planning.odd_row_warnings import odd_relative_warnings, odd_row_warnings
from migrator.planning.opencode_2 import opencode_2_warnings, rebind_for_opencode_1
from migrator.planning.source_repositories import find_sources, repository_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, FolderMoves, Project, Selection
    from migrator.planning.destination import Destination
    from migrator.planning.file_undo import FileUndoDecider
    from migrator.store.reader import Store


def build_move_plan(  # noqa: PLR0913 - a plan is complete when it is built, with all that a command adds
    store: Store,
    selection: Selection,
    destination: Destination,
    file_undo: FileUndoDecider,
    *,
    announce: bool = False,
    warnings: Iterable[PlanWarning] = (),
    one_repository: bool = False,
    updates: Sequence[ProjectChange] = (),
    relocated: FolderMoves | None = None,
) -> Plan:
    """Plan the move of whole trees; nothing is written.

    With `announce` the model of opencode 2 is told about a new directory. `warnings` are added to the planner's own.
    With `one_repository` the sessions are known to come from one repository, so the plan names no sources. `updates`
    are the project rows that change with the folders that are `relocated`. Raises MigratorError if the destination
    doesn't exist, or if opencode resolves it to another project than was asked for.
    """
    moves: list[Change] = []
    places: dict[str, Place] = {}
    unchanged = []
    bindings: dict[tuple[Binding, str], Binding] = {}  # sessions may be many, the places that they come from are few
    undo = FileUndo.NONE
    for selected in selection.sessions:
        session, root, selected_by, base = selected
        before = session.binding
        after = bindings.get((before, base))
        if after is None:
            place = destination.place_for(selected)
            after = bindings[before, base] = before if place is None else store.schema.storable(place.binding)
            if place is not None and after != before:
                places.setdefault(place.project_id, place)
        if before == after:
            unchanged.append(session.id)
        else:
            moves.append(Change(session.id, root, session.title, selected_by, before, after, undo))
    if store.schema.dialect == "v1+v2":
        moves, already_there, places = rebind_for_opencode_1(store, moves, places)
        unchanged += already_there
    decided, left_out = file_undo.decide(moves)
    changes = tuple(decided)
    projects = store.projects() if changes else []
    sources = find_sources(changes, projects)
    updated = {update.id for update in updates}
    return Plan(
        str(store.path),
        store.schema.dialect,
        changes,
        (*updates, *(change for change in project_changes(places.values(), projects) if change.id not in updated)),
        (
            *read_only_warnings(store),
            *selection.warnings,
            *destination.warnings(),
            *repository_warnings(changes, sources),
            *opencode_2_warnings(store, changes, announce=announce),
            *odd_relative_warnings(store, selection.sessions),
            *odd_row_warnings(store),
            *left_out,
            *warnings,
        ),
        tuple(unchanged),
        relocated,
        () if one_repository else sources,
        announce and store.schema.has_v2 and any(move.before.directory != move.after.directory for move in changes),
    )


def read_only_warnings(store: Store) -> Iterable[PlanWarning]:
    """Yield why a plan for this database can't be applied, if it can't."""
    if because := store.schema.read_only_because:
        yield PlanWarning(READ_ONLY, f"This can't be applied: the database is only read, since {because}.")
    elif not (locks := locks_of(store.path)).hold:
        yield PlanWarning(
            "untrusted-locks", f"The database can't be locked safely: {locks.why}; {who_else_may_write()}."
        )


def project_changes(places: Iterable[Place], known: Sequence[Project]) -> Iterable[ProjectChange]:
    """Yield for the project of each place whether its row is there or to be registered."""
    rows = {project.id: project for project in known}
    for place in places:
        if project := rows.get(place.project_id):
            yield ProjectChange(project.id, project.worktree, ProjectAction.EXISTS, project.vcs)
        elif place.project_id == GLOBAL:
            yield REGISTER_GLOBAL
        else:
            yield ProjectChange(place.project_id, place.project_worktree, ProjectAction.REGISTER, place.vcs)
