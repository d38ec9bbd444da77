"""`migrate`: one session goes to a directory, with its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import MoveRequest, SelectRequest
from migrator.operations.move import plan_move

if TYPE_CHECKING:
    from migrator.arguments import MigrateRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


def plan_migrate(context: CommandContext, request: MigrateRequest) -> Plan:
    """Plan to move one session with its tree; nothing is written. Raises the errors of selecting and planning."""
    move = MoveRequest(
        SelectRequest({"from_id": (request.session,)}, with_forks=request.with_forks),
        request.directory,
        request.project,
        undo_files=request.undo_files,
        announce=request.announce,
        project_option=request.project_option,
    )
    return plan_move(context, move)
