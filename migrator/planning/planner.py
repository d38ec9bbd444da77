"""The planner: what every selected session must become to be where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, Place, Plan, ProjectAction, ProjectChange, Undo
from migrator.planning.sources import crossings, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Project, Selection
    from migrator.planning.destination import Destination
    from migrator.planning.undo import FileUndo
    from migrator.store.reading import Store


def plan_move(store: Store, selection: Selection, destination: Destination, file_undo: FileUndo) -> Plan:
    """Plan the move of whole trees; nothing is written.

    Raises MigratorError where the destination is none, or opencode would not have the session there.
    """
    moves: list[Change] = []
    places: dict[str, Place] = {}
    unchanged = []
    arrivals: dict[tuple[Binding, str], Binding] = {}  # sessions are many, where they come from and go to is not
    for selected in selection.sessions:
        session = selected.session
        origin = (session.binding, selected.base)
        after = arrivals.get(origin)
        if after is None:
            place = destination.place_for(selected)
            after = arrivals[origin] = session.binding if place is None else store.schema.storable(place.binding)
            if place is not None and after != session.binding:
                places.setdefault(place.project_id, place)
        if session.binding == after:
            unchanged.append(session.id)
            continue
        moves.append(
            Change(session.id, selected.root, session.title, selected.selected_by, session.binding, after, Undo.NONE),
        )
    changes = tuple(file_undo.decided(moves))
    projects = store.projects() if changes else []
    come_from = sources(changes, projects)
    return Plan(
        str(store.path),
        store.schema.dialect,
        changes,
        tuple(_project_changes(places.values(), projects)),
        (*selection.warnings, *destination.warnings(), *crossings(changes, come_from)),
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
