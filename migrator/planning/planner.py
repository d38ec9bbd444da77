"""The planner: what every selected session must become to be where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, FileUndo, Place, Plan, ProjectAction, ProjectChange
from migrator.planning.opencode_2 import opencode_2_warnings, rebind_for_opencode_1
from migrator.planning.source_repositories import project_warnings, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Project, Selection
    from migrator.planning.destination import Destination
    from migrator.planning.file_undo import FileUndoDecider
    from migrator.store.reader import Store


def plan_move(store: Store, selection: Selection, destination: Destination, file_undo: FileUndoDecider) -> Plan:
    """Plan the move of whole trees; nothing is written.

    Raises MigratorError where the destination is none, or opencode would not have the session there.
    """
    moves: list[Change] = []
    places: dict[str, Place] = {}
    unchanged = []
    # Sessions are many; where they come from, why, and where they go is not.
    arrivals: dict[tuple[Binding, str], Binding] = {}
    ways: dict[tuple[Binding, str, tuple[str, ...]], Binding] = {}
    undo = FileUndo.NONE
    for selected in selection.sessions:
        session, root, selected_by, base = selected
        before = session.binding
        after = ways.get((before, base, selected_by))
        if after is None:
            after = arrivals.get((before, base))
            if after is None:
                place = destination.place_for(selected)
                after = arrivals[before, base] = before if place is None else store.schema.storable(place.binding)
                if place is not None and after != before:
                    places.setdefault(place.project_id, place)
            ways[before, base, selected_by] = after
        if before == after:
            unchanged.append(session.id)
        else:
            moves.append(Change(session.id, root, session.title, selected_by, before, after, undo))
    if store.schema.dialect == "v1+v2":
        moves, right, places = rebind_for_opencode_1(store, moves, places)
        unchanged += right
    changes = tuple(file_undo.decide(moves))
    projects = store.projects() if changes else []
    taken = [(why, before, after) for (before, _, why), after in ways.items() if after != before]
    come_from = sources(taken, projects)
    return Plan(
        str(store.path),
        store.schema.dialect,
        changes,
        tuple(_project_changes(places.values(), projects)),
        (
            *selection.warnings,
            *destination.warnings(),
            *project_warnings(taken, come_from),
            *opencode_2_warnings(store, changes),
        ),
        tuple(unchanged),
        sources=come_from,
    )


def _project_changes(places: Iterable[Place], known: Sequence[Project]) -> Iterable[ProjectChange]:
    rows = {project.id: project for project in known}
    for place in places:
        if project := rows.get(place.project_id):
            yield ProjectChange(project.id, project.worktree, ProjectAction.EXISTS, project.vcs)
        else:
            yield ProjectChange(place.project_id, place.project_worktree, ProjectAction.REGISTER, place.vcs)
