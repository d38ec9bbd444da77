"""`consolidate`: the sessions of all workspaces of a repository go to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import MoveRequest, SelectRequest
from migrator.errors import BadInput, NothingMatched
from migrator.operations.move import plan_selection
from migrator.operations.select import select_sessions
from migrator.operations.workspaces import left_out_warnings, list_workspaces

if TYPE_CHECKING:
    from migrator.arguments import ConsolidateRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext
    from migrator.workspaces.model import RepositorySessions


def plan_consolidate(context: CommandContext, request: ConsolidateRequest) -> tuple[Plan, RepositorySessions]:
    """Return the plan, and the workspaces it is about; nothing is written.

    Raises the errors of selecting and planning, and BadInput where a bare repository has no main working copy.
    """
    found = list_workspaces(context, request.repository)
    if not found.owners:
        raise NothingMatched(
            f"No session is in any workspace of {found.repository.home}; `opencode-migrator list --all` shows where "
            "there are some."
        )
    to_dir = request.to_dir if request.to_dir is not None else found.repository.main
    if to_dir is None:
        raise BadInput(
            f"The repository {found.repository.home} is bare and has no main working copy; "
            "say where its sessions should be with --to-dir DIR, one of its worktrees for example."
        )
    options = {
        "from_workspaces": (request.repository,),
        "only_workspaces": request.only,
        "except_workspaces": request.but,
    }
    move = MoveRequest(
        SelectRequest(options),
        to_dir,
        subdirs=request.subdirs,
        undo_files=request.undo_files,
        announce=request.announce,
    )
    selection = select_sessions(context, move.select)
    return plan_selection(context, selection, move, warnings=left_out_warnings(found), one_repository=True), found
