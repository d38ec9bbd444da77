"""The planner: what every selected session must become to be where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, Place, Plan, PlanWarning, ProjectAction, ProjectChange, Undo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

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
    return Plan(
        str(store.path),
        store.schema.dialect,
        changes,
        tuple(_project_changes(places.values(), projects)),
        (*selection.warnings, *destination.warnings(), *_crossings(changes, projects)),
        tuple(unchanged),
    )


def _project_changes(places: Iterable[Place], known: Sequence[Project]) -> Iterable[ProjectChange]:
    rows = {project.id: project for project in known}
    for place in places:
        if project := rows.get(place.project_id):
            yield ProjectChange(project.id, project.worktree, ProjectAction.EXISTS, project.vcs)
        else:
            yield ProjectChange(place.project_id, place.project_worktree, ProjectAction.REGISTER, place.vcs)


def _crossings(changes: Collection[Change], projects: Sequence[Project]) -> Iterable[PlanWarning]:
    """One pattern that takes sessions of several repositories is often a look-alike swept in by mistake."""
    labels = {project.id: project.label for project in projects}
    crossed: dict[str, set[str]] = {}
    for selected_by, project_id in {(change.selected_by, change.before.project_id) for change in changes}:
        for said in selected_by:
            if said.startswith("--from-dir"):
                crossed.setdefault(said, set()).add(project_id)
    for said, ids in sorted(crossed.items()):
        if len(ids) > 1:
            named = ", ".join(sorted(labels.get(id_, id_) for id_ in ids))
            yield PlanWarning("crosses-projects", f"{said} takes sessions of {len(ids)} projects: {named}.")
