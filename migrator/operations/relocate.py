"""`relocate`: a folder was renamed or moved, and everything that opencode has in it follows."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from migrator.errors import BadInput
from migrator.model import FolderState
from migrator.paths import slashed
from migrator.planning.file_undo import FileUndoDecider
from migrator.planning.relocation.arguments import Evidence, Pair, absolute_pairs, listed_pairs, typed_pairs
from migrator.planning.relocation.destination import Relocation, folder_moves
from migrator.planning.relocation.planner import build_relocation_plan
from migrator.selection.projects import find_project

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.arguments import RelocateRequest
    from migrator.choices import FileUndoPolicy
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


def plan_relocate(context: CommandContext, request: RelocateRequest) -> Plan:
    """Plan what follows folders that moved; nothing is written. Raises the errors of planning."""
    selectors = context.selector_context
    evidence = Evidence(request.state, cache(partial(_bound, context)), selectors.cwd, selectors.expanded)
    typed = [
        *typed_pairs(request.words, evidence),
        *listed_pairs(*request.listed, evidence),
        *(Pair(old, new) for old, new in request.folders),
    ]
    if not typed:
        raise BadInput(
            "Say which folder moved: relocate OLD NEW, relocate OLD=NEW ..., or --map FILE with one OLD=NEW a line."
        )
    pairs = list(absolute_pairs(typed, selectors.cwd, selectors.expanded, request.state))
    if context.store.schema.stores_slashes:
        pairs = [pair._replace(new=slashed(pair.new)) for pair in pairs]
    project = request.project and find_project(request.project, selectors, "--from-project").id
    relocation = Relocation(context.places, folder_moves(pairs, request.state), context.store.workspaces(), project)
    undo_files: FileUndoPolicy = "detach" if request.state is FolderState.FOREIGN else request.undo_files
    file_undo = FileUndoDecider(context.store, context.places, undo_files, relocation.moves)
    return build_relocation_plan(context.store, relocation, file_undo, copied=request.copied, announce=request.announce)


def _bound(context: CommandContext) -> Collection[str]:
    """Return the directories of all sessions, and the checkouts of all projects."""
    projects = context.selector_context.projects()
    return {*context.store.directories(), *(path for each in projects for path in (each.worktree, *each.sandboxes))}
