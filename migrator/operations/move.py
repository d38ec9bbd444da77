"""`move`: the selected sessions go to one directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import KEEP
from migrator.errors import BadInput, NothingMatched
from migrator.operations.select import select_sessions
from migrator.planning.destination import OneDirectory
from migrator.planning.file_undo import FileUndoDecider
from migrator.planning.planner import build_move_plan
from migrator.selection.projects import find_project, is_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.arguments import MoveRequest
    from migrator.model import Plan, PlanWarning, Selection
    from migrator.operations.context import CommandContext


def plan_move(context: CommandContext, request: MoveRequest) -> Plan:
    """Plan a move; nothing is written. Raises the errors of selecting and planning."""
    return plan_selection(context, select_sessions(context, request.select), request)


def plan_selection(
    context: CommandContext,
    selection: Selection,
    request: MoveRequest,
    *,
    warnings: Iterable[PlanWarning] = (),
    one_repository: bool = False,
) -> Plan:
    """Plan to move what was selected before; nothing is written. Raises the errors of planning."""
    return build_move_plan(
        context.store,
        selection,
        _destination(context, request),
        FileUndoDecider(context.store, context.places, request.undo_files),
        announce=request.announce,
        warnings=warnings,
        one_repository=one_repository,
    )


def _destination(context: CommandContext, request: MoveRequest) -> OneDirectory:
    project_id = _project(context, request)
    return OneDirectory(
        context.places,
        _directory(context, request, project_id),
        project_id,
        request.to_project == KEEP,
        request.subdirs,
        request.project_option,
    )


def _project(context: CommandContext, request: MoveRequest) -> str | None:
    """Return the id that --to-project means; an unknown id is checked later against what opencode resolves."""
    project = request.to_project
    if project is None or project == KEEP:
        return None
    selectors = context.selector_context
    try:
        return find_project(project, selectors, request.project_option).id
    except NothingMatched:
        place = selectors.place(selectors.expanded(project)) if is_path(project) else None
        return place.project_id if place else project


def _directory(context: CommandContext, request: MoveRequest, project_id: str | None) -> str | None:
    """Return the destination; by default the project root of --to-project or of the current directory."""
    if request.to_dir == KEEP:
        return None
    if request.to_dir is not None:
        return context.places.find(context.selector_context.expanded(request.to_dir)).directory
    if request.to_project == KEEP:
        return None
    if project_id is None:
        here = context.places.find(".")
        return here.directory if here.worktree == "/" else here.worktree
    worktree = next((p.worktree for p in context.selector_context.projects() if p.id == project_id), "/")
    if worktree == "/":
        raise BadInput(f"Project {project_id} has no directory of its own; say where to with --to-dir DIRECTORY.")
    return context.places.find(worktree).directory
