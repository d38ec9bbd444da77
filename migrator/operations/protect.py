"""`protect`: file undo that would delete files today is mended, or detached; nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.operations.select import select_or_take_all
from migrator.planning import protect

if TYPE_CHECKING:
    from migrator.arguments import ProtectRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


def plan_protect(context: CommandContext, request: ProtectRequest) -> Plan:
    """Plan to mend the file undo of sessions where it would delete files, or to detach it."""
    selection = select_or_take_all(context, request.select)
    return protect.build_protect_plan(context.store, context.places, selection, request.undo_files)
