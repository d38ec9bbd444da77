"""The planner: what every selected session must become to be where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Change, Place, Plan, PlanWarning, ProjectAction, ProjectChange, Undo

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Project, Selection
    from migrator.planning.destination import Destination
    from migrator.store.reading import Store


def plan_move(store: Store, selection: Selection, destination: Destination, *, always_detach: bool = False) -> Plan:
    """Plan the move of whole trees; nothing is written.

    `always_detach` detaches file undo even of sessions that stay in their directory. Raises MigratorError where the
    destination is none, or opencode would not have the session there.
    """
    moves: list[Change] = []
    places: dict[str, Place] = {}
    unchanged = []
    # Sessions are many; where they come from, why, and where they go is not.
    arrivals: dict[tuple[Binding, str, tuple[str, ...]], Binding] = {}
    undo = Undo.NONE
    for selected in selection.sessions:
        session, root, selected_by, base = selected
        before = session.binding
        after = arrivals.get((before, base, selected_by))
        if after is None:
            place = destination.place_for(selected)
            after = before if place is None else store.schema.storable(place.binding)
            arrivals[before, base, selected_by] = after
            if place is not None and after != before:
                places.setdefault(place.project_id, place)
        if before == after:
            unchanged.append(session.id)
        else:
            moves.append(Change(session.id, root, session.title, selected_by, before, after, undo))
    if with_undo := store.with_file_undo([change.session for change in moves]):
        moves = [
            change._replace(undo=Undo.DETACH)
            if change.session in with_undo and (always_detach or change.loses_its_ground)
            else change
            for change in moves
        ]
    projects = store.projects() if moves else []
    crossings = {(why, before.project_id) for (before, _, why), after in arrivals.items() if after != before}
    return Plan(
        str(store.path),
        store.schema.dialect,
        tuple(moves),
        tuple(_project_changes(places.values(), projects)),
        (*selection.warnings, *destination.warnings(), *_crossings(crossings, projects)),
        tuple(unchanged),
    )


def _project_changes(places: Iterable[Place], known: Sequence[Project]) -> Iterable[ProjectChange]:
    rows = {project.id: project for project in known}
    for place in places:
        if project := rows.get(place.project_id):
            yield ProjectChange(project.id, project.worktree, ProjectAction.EXISTS, project.vcs)
        else:
            yield ProjectChange(place.project_id, place.project_worktree, ProjectAction.REGISTER, place.vcs)


def _crossings(taken: Iterable[tuple[tuple[str, ...], str]], projects: Sequence[Project]) -> Iterable[PlanWarning]:
    """Warn of patterns that take sessions of several repositories: often a look-alike is swept in by mistake.

    `taken` are (why, project id) pairs.
    """
    labels = {project.id: project.label for project in projects}
    crossed: dict[str, set[str]] = {}
    for selected_by, project_id in taken:
        for said in selected_by:
            if said.startswith("--from-dir"):
                crossed.setdefault(said, set()).add(project_id)
    for said, ids in sorted(crossed.items()):
        if len(ids) > 1:
            named = ", ".join(sorted(labels.get(id_, id_) for id_ in ids))
            yield PlanWarning("crosses-projects", f"{said} takes sessions of {len(ids)} projects: {named}.")
