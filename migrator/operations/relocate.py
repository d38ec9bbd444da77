"""`relocate`: a folder was renamed or moved, and everything that opencode has in it follows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import BadInput
from migrator.model import FolderState, PlanWarning
from migrator.planning.file_undo import FileUndoDecider
from migrator.planning.opencode_2 import with_announcement
from migrator.planning.relocation.arguments import absolute_pairs, listed_pairs, typed_pairs
from migrator.planning.relocation.desktop_files import files_that_name
from migrator.planning.relocation.destination import Relocation, folder_moves
from migrator.planning.relocation.planner import plan_relocation

if TYPE_CHECKING:
    from migrator.arguments import RelocateRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


def plan_relocate(context: CommandContext, request: RelocateRequest) -> Plan:
    """Plan what follows folders that moved; nothing is written. Raises the errors of planning."""
    typed = [*typed_pairs(request.words), *listed_pairs(*request.listed)]
    if not typed:
        raise BadInput("Say which folder moved: relocate OLD NEW, relocate OLD=NEW ..., or --map FILE with lines.")
    pairs = list(absolute_pairs(typed, context.selector_context.cwd, context.selector_context.expanded))
    relocation = Relocation(context.places, folder_moves(pairs, request.state), context.store.workspaces())
    is_foreign = request.state is FolderState.FOREIGN
    undo_files = "detach" if is_foreign else request.undo_files
    file_undo = FileUndoDecider(context.store, context.places, undo_files, relocation.said)
    plan = plan_relocation(context.store, relocation, file_undo, copied=request.copied)
    plan = with_announcement(plan, wanted=request.announce)
    if is_foreign:
        return plan
    named_in = files_that_name([old for old, _ in relocation.said.folders], os.path.expanduser("~"))
    warnings = (
        PlanWarning("named-elsewhere", f"{file} names the old folder; it isn't ours and stays as it is.")
        for file in named_in
    )
    return replace(plan, warnings=(*plan.warnings, *warnings))
