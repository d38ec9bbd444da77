"""The plan of `relocate`: everything at or below the old folders, and the project rows that name them."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NothingMatched
from migrator.model import FolderState, Plan, PlanWarning, Selected, Selection
from migrator.paths import is_within, normalise
from migrator.planning.opencode_2 import has_announcements
from migrator.planning.planner import find_moves
from migrator.planning.relocation.desktop_files import files_that_name
from migrator.planning.relocation.project_paths import project_updates
from migrator.planning.relocation.worktree_repair import worktree_repairs
from migrator.selection.trees import relatives, trees
from migrator.store.project_rows import project_rows
from migrator.store.reader import IN
from migrator.text import and_more

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from migrator.model import Change, ProjectChange, Session
    from migrator.planning.file_undo import FileUndoDecider
    from migrator.planning.relocation.destination import Relocation
    from migrator.store.project_rows import ProjectRows
    from migrator.store.reader import Store


def plan_relocation(
    store: Store, relocation: Relocation, file_undo: FileUndoDecider, *, copied: bool = False, announce: bool = False
) -> Plan:
    """Plan what follows the folders; nothing is written. `announce` is that of `plan_move`.

    Raises NoSuchDirectory where the folders aren't where they are said to be, NothingMatched where nothing follows,
    and MigratorError where an old folder is still in use, unless it was `copied`.
    """
    relocation.resolver.check()
    rows = project_rows(store)
    updates, stays = project_updates(rows.values(), relocation)
    directories = store.directories()
    following = [directory for directory in directories if relocation.wanted(directory) is not None]
    if not following and not updates:
        raise NothingMatched(_nothing(relocation))
    affected = {*following, *_named(rows.values(), relocation)}
    left = (
        [] if relocation.said.whereabouts is not FolderState.MOVED else _left_over(affected, relocation, copied=copied)
    )
    moves = find_moves(store, _selection(store, relocation, following), relocation, file_undo)
    updated = {update.id for update in updates}
    return Plan(
        str(store.path),
        store.schema.dialect,
        moves.changes,
        (*updates, *(project for project in moves.projects if project.id not in updated)),
        (
            *_without_match(affected, relocation),
            *_already_there(directories, relocation),
            *moves.warnings,
            *stays,
            *left,
            *_repairs(moves.changes, updates, relocation),
            *_borrowers(store, relocation),
            *_move_now(relocation),
            *_named_elsewhere(relocation),
        ),
        moves.unchanged,
        relocation.said,
        moves.sources,
        announce and has_announcements(store, moves.changes),
    )


def _selection(store: Store, relocation: Relocation, directories: Collection[str]) -> Selection:
    """Select every session in these directories, and what else is in their trees, to stay where it is."""
    chosen = {session.id: session for session in store.sessions_where(f"directory {IN}", [json.dumps([*directories])])}
    others = relatives(store, chosen)
    said = {directory: (_said(directory, relocation),) for directory in directories}
    selected = [
        Selected(
            session, tree[0].id, (f"tree of {tree[0].id}",) if session.id in others else said[session.directory], ""
        )
        for tree in trees(chosen | others)
        for session in tree
    ]
    return Selection(tuple(selected), tuple(_staying(others.values(), relocation)))


def _said(directory: str, relocation: Relocation) -> str:
    wanted = relocation.wanted(directory)
    pairs = [(old, new) for old, new in relocation.said.folders if wanted is not None and is_within(wanted, new)]
    exact = [(old, new) for old, new in pairs if is_within(normalise(directory), old)]
    return shlex.join(["relocate", *max(exact or pairs, key=lambda pair: len(pair[0]))])


def _staying(sessions: Iterable[Session], relocation: Relocation) -> Iterator[PlanWarning]:
    """Warn of trees whose members were in several folders: they are in several folders afterwards."""
    torn = [session for session in sessions if not relocation.arrived(session.directory)]
    if torn:
        first, number = min(torn), len(torn)
        more = f"{and_more(number - 1)} {'are' if number > 1 else 'is'}"
        yield PlanWarning(
            "stays-behind",
            f"{first.id} in {first.directory}{more} in a tree of the folder but not in it, and stay"
            f"{'s' if number == 1 else ''} there; `move` takes whole trees.",
            first.id,
        )


def _nothing(relocation: Relocation) -> str:
    olds = [old for old, _ in relocation.said.folders]
    return (
        f"No session and no project is bound to {olds[0]}{' or another of the folders' if len(olds) > 1 else ''}, or "
        "below it; `opencode-migrator projects` and `list --all` show what there is."
    )


def _without_match(affected: Collection[str], relocation: Relocation) -> Iterator[PlanWarning]:
    """Of several folders, name those that nothing is bound to: a slip of the pen is in one of them, if in any."""
    known_by: dict[str, list[str]] = {}
    for old, _ in relocation.said.folders:
        real = old if relocation.said.whereabouts is FolderState.FOREIGN else os.path.realpath(old)
        known_by.setdefault(real, []).append(old)
    for olds in known_by.values():
        if not any(is_within(normalise(relocation.seen(directory)), old) for directory in affected for old in olds):
            yield PlanWarning("nothing-bound", f"No session and no project is bound to {olds[0]} or below it.")


def _already_there(directories: Iterable[str], relocation: Relocation) -> Iterator[PlanWarning]:
    there = [directory for directory in directories if relocation.arrived(directory)]
    if there:
        yield PlanWarning(
            "already-there",
            f"Sessions in {min(there)} stay: it is in the old folder, but at the new place already.",
        )


def _named(rows: Iterable[ProjectRows], relocation: Relocation) -> Iterator[str]:
    """Yield the directories in project rows that follow."""
    for project in rows:
        stored = [project.paths.worktree, *(str(dict(row)["directory"]) for row in project.directories)]
        yield from (directory for directory in stored if relocation.wanted(directory) is not None)


def _left_over(affected: Iterable[str], relocation: Relocation, *, copied: bool) -> list[PlanWarning]:
    """Refuse where a directory that should have moved is still there; what opencode left in its place is no obstacle.

    opencode's desktop app makes a directory that is gone anew, with a `.opencode` in it (issue 35240 of opencode).
    """
    still: list[str] = []
    left: list[str] = []
    for directory in sorted(affected):
        if _was_left(directory, relocation):
            (left if _is_empty(directory) else still).append(directory)
    if still and not copied:
        more = f"{and_more(len(still) - 1, 'directory', 'directories')} {'are' if len(still) > 1 else 'is'}"
        raise MigratorError(
            f"{still[0]}{more} still there, and relocate follows a folder that has moved: say --copied if the sessions "
            "are to go with its copy; to follow it before you move it say --will-move, with a new path that is free.",
        )
    return [
        PlanWarning(
            "left-over", f"{directory} is there with nothing in it, or .opencode only, as opencode makes it; remove it."
        )
        for directory in left
    ]


def _was_left(directory: str, relocation: Relocation) -> bool:
    """Tell whether a directory is at its old place still, and nothing else that has moved there."""
    wanted = relocation.wanted(directory)
    real = os.path.realpath(directory)
    if wanted is None or not os.path.isdir(real) or real == os.path.realpath(wanted):
        return False
    news = [new for _, new in relocation.said.folders]
    return relocation.folders.origin(normalise(directory)) is None and not any(is_within(new, real) for new in news)


def _is_empty(directory: str) -> bool:
    try:
        return {*os.listdir(directory)} <= {".opencode"}
    except OSError:
        return False


def _repairs(changes: Iterable[Change], updates: Iterable[ProjectChange], relocation: Relocation) -> list[PlanWarning]:
    """Ask about each checkout that moves: those of sessions, and those that project rows name."""
    if relocation.said.whereabouts is FolderState.FOREIGN:
        return []
    news = {new for _, new in relocation.said.folders}
    tops = {*news}
    for before in {change.before for change in changes}:
        if place := relocation.place(before):
            tops.add(place.worktree)
    for update in updates:
        tops.add(update.worktree)
        tops |= {str(dict(row)["directory"]) for _, row in update.directories if row}
    return worktree_repairs(sorted(top for top in tops if any(is_within(top, new) for new in news)), relocation)


def _borrowers(store: Store, relocation: Relocation) -> Iterator[PlanWarning]:
    """Say that snapshots of worktrees that stay borrow from a repository that moves: that changes with it, too."""
    from migrator.snapshots.alternates import broken_alternates, worktree_of
    from migrator.snapshots.layout import Layout

    if relocation.said.whereabouts is FolderState.FOREIGN:
        return
    found = [worktree_of(git_dir) for git_dir, _ in broken_alternates(Layout.of(store).root, relocation.folders)]
    if others := sorted(worktree for worktree in found if worktree and relocation.folders.mapped(worktree) is None):
        more = and_more(len(others) - 1, "worktree")
        yield PlanWarning(
            "snapshots-borrow",
            f"opencode's snapshots of {others[0]}{more} borrow from the repository that moves, and are told its new "
            "place: without it, an undo there would delete files.",
        )


def _move_now(relocation: Relocation) -> Iterator[PlanWarning]:
    if relocation.said.whereabouts is FolderState.WILL_MOVE:
        said = {new: old for old, new in reversed(relocation.said.folders)}
        swap = any(os.path.lexists(new) for new in said)
        moves = [f"{old} to {new}" if swap else shlex.join(["mv", old, new]) for new, old in said.items()]
        yield PlanWarning(
            "move-next",
            f"opencode finds these sessions once the folder itself has moved; move it next: {'; '.join(moves)}",
        )


def _named_elsewhere(relocation: Relocation) -> Iterator[PlanWarning]:
    if relocation.said.whereabouts is FolderState.FOREIGN:
        return
    for file in files_that_name([old for old, _ in relocation.said.folders], os.path.expanduser("~")):
        yield PlanWarning("named-elsewhere", f"{file} names the old folder; it isn't ours and stays as it is.")
