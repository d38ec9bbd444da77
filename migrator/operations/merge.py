"""`merge`: sessions of another database come into this one."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk.data_directory import channel_named
from migrator.disk.status import is_there
from migrator.errors import BadInput, Interrupted, MigratorError, WrongDatabase
from migrator.execution import runs
from migrator.execution.journal_rows import Job
from migrator.execution.merge.runs import Merging, signature_text
from migrator.execution.traces import refuse_while_unfinished
from migrator.importing.program import find_program
from migrator.importing.view import view_of_imported
from migrator.model import (
    NOT_REMOVED,
    READ_ONLY,
    Change,
    FileUndo,
    FolderState,
    Merge,
    MergeVerdict,
    Plan,
    PlanWarning,
    Run,
    RunStatus,
)
from migrator.operations.context import CommandContext
from migrator.operations.select import select_or_take_all
from migrator.paths import FolderMap
from migrator.planning.destination import OneDirectory
from migrator.planning.merge.compatibility import check_columns, check_versions
from migrator.planning.merge.destination import MergeDestination
from migrator.planning.merge.opencode_2_import import check_import, sessions_to_import
from migrator.planning.merge.planner import MergeRules, build_merge_plan, refuse_collisions
from migrator.planning.merge.removal import warn_of_staying, with_more_there
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.planning.recheck import recheck_merge
from migrator.planning.relocation.arguments import Evidence, absolute_pairs, read_pair
from migrator.store.comparison import compare
from migrator.store.connection import why_read_only
from migrator.store.contents import fingerprints
from migrator.store.location import database_of_channel, databases_beside, is_same_file
from migrator.store.merge_obstacles import check_session_tables
from migrator.store.open_by import in_use_error, who_has_open
from migrator.store.schema import newest_upgrade
from migrator.store.untouched import untouched
from migrator.store.writer import Writer, check_locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.arguments import MergeRequest, WriteRequest
    from migrator.choices import OnConflict
    from migrator.model import Selection
    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.untouched import UntouchedView


def plan_merge(context: CommandContext, request: MergeRequest) -> Plan:
    """Plan to bring sessions of another database; nothing is written. Raises the errors of selecting and planning."""
    if request.to_dir is not None and request.words:
        raise BadInput("--to-dir and --map exclude each other: both say where the sessions belong.")
    path = _source(context.store.path, request)
    is_own = is_same_file(str(path), context.store.path)
    if request.with_opencode is not None:
        check_import(context.store, request, is_own=is_own)
    elif is_own:
        raise BadInput(f"{path} is the database that sessions would come into; name another one.")
    home = context.selector_context.home
    if is_own:
        return _plan_import(context, context, select_or_take_all(context, request.select), request)
    with (
        untouched(_existing(path)) as view,
        CommandContext(view.path, home, opened=_opened(view), database_words=["--db", str(view.path)]) as other,
    ):
        selection = select_or_take_all(other, request.select)
        if request.with_opencode is not None:
            plan = _plan_import(context, other, selection, request)
        else:
            plan = _build_plan(context, other, selection, request, signature_text(view))
        if plan.removable:
            try:
                _check_written_to(view.path, other.store)
            except MigratorError as error:
                plan = replace(
                    plan, warnings=(PlanWarning(READ_ONLY, f"This can't be applied. {error}"), *plan.warnings)
                )
        view.check()
        return plan


def _plan_import(context: CommandContext, other: CommandContext, selection: Selection, request: MergeRequest) -> Plan:
    """Plan to bring what the user's opencode 2 makes of those sessions that opencode 2 doesn't have there."""
    program = find_program(request.with_opencode or "")
    chosen = sessions_to_import(context.store, other.store, selection)
    with (
        view_of_imported(other.store, chosen, program, newest_upgrade(context.store.connection)) as view,
        CommandContext(view.path, context.selector_context.home, opened=_opened(view)) as made,
    ):
        sessions = {session.id: session for session in made.store.sessions(chosen)}
        selected = [s._replace(session=sessions[s.session.id]) for s in selection.sessions if s.session.id in sessions]
        warnings = (*selection.warnings, *odd_row_warnings(other.store))
        imported = replace(selection, sessions=tuple(selected), warnings=warnings)
        return _build_plan(context, made, imported, request, "", program)


def _build_plan(  # noqa: PLR0913, PLR0917 - two databases, and what the user said of them
    context: CommandContext,
    other: CommandContext,
    selection: Selection,
    request: MergeRequest,
    signature: str,
    program: str | None = None,
) -> Plan:
    rules = MergeRules(request.on_duplicate, request.undo_files, request.announce, request.remove, program)
    destination = _destination(context, other, request)
    return build_merge_plan(context.store, other.store, selection, destination, context.places, rules, signature)


def _opened(view: UntouchedView) -> Store:
    """Open the other database. Raises MigratorError, without advice for the one that --db names, if it is none."""
    try:
        return view.store()
    except WrongDatabase as error:
        raise MigratorError(f"{error.what}; name {error.right} instead of it.") from None


def carry_out_merge(writer: Writer, plan: Plan, places: Places, write: WriteRequest) -> Run:
    """Carry out a plan that brings sessions of another database, and take them out of that if it says so.

    Raises StalePlan if either database has changed since, and DatabaseInUse if anybody has the one open that they are
    to leave.
    """
    merge, run = _bringing(plan), Run(None, RunStatus.UNCHANGED)
    recheck_merge(plan, merge, writer, places)
    if plan.removable:
        refuse_while_unfinished(writer)  # which may take out again what a removal relies on
        _check_removable(_existing(Path(merge.other)), write)
    if plan.changes:
        with _opened_source(writer, plan, merge, places) as merging:
            try:
                run = runs.merge(writer, plan, write, merging)
            except MigratorError as error:
                if merging.theirs is not None and "constraint failed" in str(error):
                    refuse_collisions(writer, merging.theirs, [change.session for change in plan.changes])
                raise
    return _remove(writer, plan, merge, write, run) if plan.removable else run


def compare_merge(store: Store, plan: Plan, places: Places, on_conflict: OnConflict) -> Plan:
    """Return what `carry_out_merge` would bring now, and take out; see `compare_plan`."""
    merge = _bringing(plan)
    recheck_merge(plan, merge, store, places)
    if plan.removable:
        plan = _compare_removal(store, plan, merge)
    if not plan.changes:
        return plan
    with _opened_source(store, plan, merge, places) as merging:
        found = runs.compared(store, Job(plan, made_on=plan.store), on_conflict, merging)
        if merging.theirs is not None:
            refuse_collisions(store, merging.theirs, [change.session for change in found.changes])
        return found


def _compare_removal(store: Store, plan: Plan, merge: Merge) -> Plan:
    """Return a plan that leaves in the other database what its run would find changed there since."""
    refuse_while_unfinished(store)
    coming = {change.session for change in plan.changes}
    here = [(each.session, each.root, each.title) for each in plan.removable if each.session not in coming]
    with untouched(_existing(Path(merge.other))) as view:
        theirs = _opened(view)
        _check_written_to(view.path, theirs)
        taking, _ = _removal(store, theirs, here)
    staying = {session for session, *_ in here} - {change.session for change in taking.changes}
    merge = replace(merge, staying=(*merge.staying, *sorted(staying)))
    return replace(plan, merge=merge, warnings=(*plan.warnings, *taking.warnings))


def _bringing(plan: Plan) -> Merge:
    """Return the merge of a plan that brings sessions. Raises MigratorError if it takes some out."""
    if plan.merge is None or plan.merge.taken_out:
        raise MigratorError("The plan takes sessions out again, which only `undo` does.")
    return plan.merge


@contextmanager
def _opened_source(store: Store, plan: Plan, merge: Merge, places: Places) -> Iterator[Merging]:
    """Open what the sessions of a plan come from, and check that its schema is still one that can be read."""
    coming = [change.session for change in plan.changes]
    with _source_of(store, merge, _existing(Path(merge.other)), coming) as view:
        theirs = _opened(view)
        check_versions(store, theirs)  # an opencode may have upgraded it since
        check_columns(store, theirs, coming)
        yield Merging(merge, view, theirs, places)


@contextmanager
def _source_of(store: Store, merge: Merge, path: Path, coming: Sequence[str]) -> Iterator[UntouchedView]:
    """Keep a view of what rows come from: the other database, or what opencode 2 makes of its sessions."""
    if merge.imported_by is None:
        with untouched(path, attachable=True) as view:
            yield view
        return
    if not merge.imported_by:
        raise MigratorError(
            "This plan brings what an opencode 2 makes of sessions of opencode 1, and a saved plan runs no program; "
            "merge them in one go, with `merge --with-opencode PROGRAM`."
        )
    upgraded = newest_upgrade(store.connection)
    with ExitStack() as opened:
        own = is_same_file(str(path), store.path)
        theirs = store if own else _opened(opened.enter_context(untouched(path)))
        yield opened.enter_context(view_of_imported(theirs, coming, merge.imported_by, upgraded))


def _check_removable(path: Path, write: WriteRequest) -> None:
    """Raise DatabaseInUse or MigratorError if sessions can't be taken out of a database now."""
    check_locks(path, trusted=write.trust_locks)
    if (found := who_has_open(path)).is_open:
        raise in_use_error(path, found, can_wait=True)
    with untouched(path) as view:
        _check_written_to(path, _opened(view))


def _check_written_to(path: Path, theirs: Store) -> None:
    """Raise MigratorError if no session can be taken out of a database, whoever has it open."""
    if why := why_read_only(path) or theirs.schema.read_only_because:
        raise MigratorError(f"No session can be taken out of {path}: {why}.")
    if (names := os.stat(path).st_nlink) > 1:
        raise MigratorError(
            f"No session can be taken out of {path}: the file has {names} names (hard links), and would change under "
            "each of them; copy it, and name the copy."
        )
    check_session_tables(theirs)


def _remove(writer: Writer, plan: Plan, merge: Merge, write: WriteRequest, run: Run) -> Run:
    """Take out of the other database what is in this one, by a run of its own; both are locked, and compared again."""
    wanted = [(session.session, session.root, session.title) for session in plan.removable]
    try:
        with Writer(Path(merge.other), write.wait, trust_locks=write.trust_locks) as other:
            taking, leaving = _removal(writer, other, wanted)
            run = replace(run, warnings=(*run.warnings, *taking.warnings))
            if not taking.changes:
                return run
            removal = runs.take_out(other, taking, leaving, replace(write, backup=None), run.id)
    except MigratorError as error:
        if run.id is None:
            raise
        what = f"What was brought stays here, but was not taken out of {merge.other}; the same command again does that"
        code = error.exit_code if isinstance(error, Interrupted) else MigratorError.exit_code
        return replace(run, warnings=(*run.warnings, PlanWarning(NOT_REMOVED, f"{what}: {error}")), exit_code=code)
    return replace(run, removal=removal.id) if run.id else removal


def _removal(ours: Store, theirs: Store, wanted: Sequence[tuple[str, str, str]]) -> tuple[Plan, Merge]:
    """Return the plan that takes those of these sessions out of `theirs` whose whole trees are in `ours`; and them.

    What changed since the merge was planned may stay, which the plan says with a warning.
    """
    present = theirs.existing(id_ for id_, *_ in wanted)
    compared = compare(ours, theirs, [session for session in wanted if session[0] in present])
    more = with_more_there(ours, theirs, compared)
    left = [s for s in compared if not s.verdict.is_all_here or s.session in more]
    staying = {session.root for session in left}
    leaving = [session for session in compared if session.root not in staying]
    ids = [session.session for session in leaving]
    there, here, prints = theirs.bindings(ids), ours.bindings(ids), fingerprints(theirs, ids)
    changes = (
        Change(s.session, s.root, s.title, (), there[s.session][0], here[s.session][0], FileUndo.NONE) for s in leaving
    )
    gone = (s._replace(verdict=MergeVerdict.NEW, content=prints[s.session], here=None) for s in leaving)
    return (
        Plan(
            str(theirs.path),
            theirs.schema.dialect,
            tuple(changes),
            warnings=warn_of_staying(NOT_REMOVED, [session.session for session in left], str(theirs.path)),
        ),
        Merge(str(ours.path), "", tuple(gone), taken_out=True),
    )


def _destination(context: CommandContext, other: CommandContext, request: MergeRequest) -> MergeDestination:
    selectors = context.selector_context
    evidence = Evidence(FolderState.FOREIGN, other.store.directories, selectors.cwd, selectors.expanded)
    typed = [read_pair(word, evidence) for word in request.words]
    pairs = absolute_pairs(typed, selectors.cwd, selectors.expanded, evidence.state)
    one = None
    if request.to_dir is not None:
        directory = context.places.find(selectors.expanded(request.to_dir)).directory
        one = OneDirectory(context.places, directory, subdirs=request.subdirs)
    projects = {project.id: project for project in other.store.projects()}
    folders = FolderMap((old, new) for old, new, _ in pairs)
    return MergeDestination(context.places, folders, projects, one, request.foreign)


def _source(ours: Path, request: MergeRequest) -> Path:
    """Return the other database. Raises BadInput if none is named, or two; MigratorError if a channel has none."""
    if request.other is not None and request.channel is not None:
        raise BadInput("OTHER.db and --from-channel exclude each other: both say from where the sessions come.")
    if request.channel is not None:
        return database_of_channel(ours, request.channel)
    if request.other is not None:
        return Path(request.other).expanduser()
    beside = ", ".join(filter(None, (channel_named(path.name) for path in databases_beside(ours))))
    there = f"; the channels beside this one: {beside}" if beside else ""
    raise BadInput(f"Say from which database the sessions come: OTHER.db or --from-channel NAME{there}.")


def _existing(path: Path) -> Path:
    """Return the path of a database that is there. Raises MigratorError if none is, or nobody can tell."""
    if not is_there(path):
        raise MigratorError(f"There is no database at {path}; name the other database's file.")
    if path.is_dir():
        raise MigratorError(
            f"The path {path} is a directory, not a database; name the file, such as {path / 'opencode.db'}."
        )
    return path
