"""`merge`: sessions of another database come into this one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import BadInput, MigratorError, NoSuchDirectory, StalePlan
from migrator.execution import runs
from migrator.execution.merge.runs import signature_text
from migrator.model import FolderState
from migrator.operations.context import CommandContext
from migrator.operations.select import select_or_take_all
from migrator.paths import FolderMap
from migrator.planning.destination import OneDirectory
from migrator.planning.merge.destination import MergeDestination
from migrator.planning.merge.planner import MergeRules, build_merge_plan
from migrator.planning.relocation.arguments import Evidence, absolute_pairs, read_pair
from migrator.store.location import is_same_file
from migrator.store.untouched import untouched

if TYPE_CHECKING:
    from migrator.arguments import MergeRequest, WriteRequest
    from migrator.model import Plan, Run
    from migrator.places import Places
    from migrator.store.writer import Writer


def plan_merge(context: CommandContext, request: MergeRequest) -> Plan:
    """Plan to bring sessions of another database; nothing is written. Raises the errors of selecting and planning."""
    if request.to_dir is not None and request.words:
        raise BadInput("--to-dir and --map exclude each other: both say where the sessions belong.")
    path = Path(request.other).expanduser()
    if is_same_file(str(path), context.store.path):
        raise BadInput(f"{path} is the database that sessions would come into; name another one.")
    home = context.selector_context.home
    with untouched(_existing(path)) as view, CommandContext(view.path, home, opened=view.store()) as other:
        selection = select_or_take_all(other, request.select)
        rules = MergeRules(request.on_duplicate, request.undo_files, request.announce, request.remove)
        plan = build_merge_plan(
            context.store,
            other.store,
            selection,
            _destination(context, other, request),
            context.places,
            rules,
            signature_text(view),
        )
        view.check()
        return plan


def carry_out_merge(writer: Writer, plan: Plan, places: Places, write: WriteRequest) -> Run:
    """Carry out a plan that brings sessions of another database. Raises StalePlan if either has changed since."""
    merge = plan.merge
    if merge is None or merge.taken_out:
        raise MigratorError("The plan takes sessions out; `undo` does that.")
    for change in {change.after: change for change in plan.changes}.values():
        if change.after.directory not in merge.foreign:
            _check_place(plan, change.after.directory, places)
    with untouched(_existing(Path(merge.other)), attachable=True) as view:
        return runs.merge(writer, plan, write, view)


def _check_place(plan: Plan, directory: str, places: Places) -> None:
    """Raise StalePlan if a directory has gone since the plan was made."""
    del plan
    try:
        places.find(directory)
    except NoSuchDirectory as error:
        raise StalePlan(f"The plan is stale: {str(error).rstrip('.')}. Nothing was written; plan again.") from error


def _destination(context: CommandContext, other: CommandContext, request: MergeRequest) -> MergeDestination:
    selectors = context.selector_context
    evidence = Evidence(FolderState.FOREIGN, other.store.directories, selectors.cwd, selectors.expanded)
    pairs = absolute_pairs([read_pair(word, evidence) for word in request.words], selectors.cwd, selectors.expanded)
    one = None
    if request.to_dir is not None:
        directory = context.places.find(selectors.expanded(request.to_dir)).directory
        one = OneDirectory(context.places, directory, subdirs=request.subdirs)
    projects = {project.id: project for project in other.store.projects()}
    folders = FolderMap((old, new) for old, new, _ in pairs)
    return MergeDestination(context.places, folders, projects, one, request.foreign)


def _existing(path: Path) -> Path:
    """Return the path of a database that is there. Raises MigratorError."""
    if not os.path.lexists(path):
        raise MigratorError(f"There is no database at {path}; name the other database's file.")
    return path
