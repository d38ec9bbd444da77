"""The planner: what every selected session must become to be where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import Change, FileUndo, Place, Plan, ProjectAction, ProjectChange
from migrator.planning.opencode_2 import has_announcements, opencode_2_warnings, rebind_for_opencode_1
from migrator.planning.source_repositories import Way, find_sources, repository_warnings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, PlanWarning, Project, Selection, Source
    from migrator.planning.destination import Destination
    from migrator.planning.file_undo import FileUndoDecider
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class Moves:
    """What selected sessions become: all of a plan, but for what a command has to add."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    projects: tuple[ProjectChange, ...]
    warnings: tuple[PlanWarning, ...]
    sources: tuple[Source, ...]


def plan_move(  # noqa: PLR0913 - a plan is made complete, so whatever a command adds comes in here
    store: Store,
    selection: Selection,
    destination: Destination,
    file_undo: FileUndoDecider,
    *,
    announce: bool = False,
    warnings: Iterable[PlanWarning] = (),
    one_repository: bool = False,
) -> Plan:
    """Plan the move of whole trees; nothing is written.

    `announce` tells the model of opencode 2 about a new directory. `warnings` come after our own. With
    `one_repository` all sessions are known to come from one, so the plan names no sources. Raises MigratorError where
    the destination is none, or opencode would not have the session there.
    """
    moves = find_moves(store, selection, destination, file_undo)
    return Plan(
        str(store.path),
        store.schema.dialect,
        moves.changes,
        moves.projects,
        (*moves.warnings, *warnings),
        moves.unchanged,
        sources=() if one_repository else moves.sources,
        announce=announce and has_announcements(store, moves.changes),
    )


def find_moves(store: Store, selection: Selection, destination: Destination, file_undo: FileUndoDecider) -> Moves:
    """Ask the destination where each session goes, and find what follows from that; raises as `plan_move` does."""
    moves: list[Change] = []
    places: dict[str, Place] = {}
    unchanged = []
    # Sessions are many; where they come from, why, and where they go is not.
    bindings: dict[tuple[Binding, str], Binding] = {}
    ways: dict[tuple[Binding, str, tuple[str, ...]], Binding] = {}
    undo = FileUndo.NONE
    for selected in selection.sessions:
        session, root, selected_by, base = selected
        before = session.binding
        after = ways.get((before, base, selected_by))
        if after is None:
            after = bindings.get((before, base))
            if after is None:
                place = destination.place_for(selected)
                after = bindings[before, base] = before if place is None else store.schema.storable(place.binding)
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
    taken = [Way(why, before, after) for (before, _, why), after in ways.items() if after != before]
    sources = find_sources(taken, projects)
    warnings = (
        *selection.warnings,
        *destination.warnings(),
        *repository_warnings(taken, sources),
        *opencode_2_warnings(store, changes),
    )
    return Moves(changes, tuple(unchanged), tuple(_project_changes(places.values(), projects)), warnings, sources)


def _project_changes(places: Iterable[Place], known: Sequence[Project]) -> Iterable[ProjectChange]:
    rows = {project.id: project for project in known}
    for place in places:
        if project := rows.get(place.project_id):
            yield ProjectChange(project.id, project.worktree, ProjectAction.EXISTS, project.vcs)
        else:
            yield ProjectChange(place.project_id, place.project_worktree, ProjectAction.REGISTER, place.vcs)
