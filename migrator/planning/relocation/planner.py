"""The plan of `relocate`: the sessions at or below the old folders, and the project rows that name these."""

from __future__ import annotations

import json
import os
from itertools import islice
from typing import TYPE_CHECKING

from migrator.disk.spelling import is_same_directory
from migrator.errors import MigratorError, NothingMatched
from migrator.model import Binding, FolderState, PlanWarning, Selected, Selection
from migrator.paths import (
    below,
    comparable,
    is_of_another_system,
    is_windows,
    is_within,
    last_name,
    normalise,
    slashed,
    upwards,
)
from migrator.places.small_files import real_path
from migrator.planning.planner import build_move_plan
from migrator.planning.relocation.arguments import Pair
from migrator.planning.relocation.desktop_files import files_that_name
from migrator.planning.relocation.project_paths import directory_of, project_updates
from migrator.planning.relocation.worktree_repair import worktree_repairs
from migrator.selection.trees import relatives
from migrator.snapshots.git.alternates import broken_alternates, worktree_of
from migrator.snapshots.repositories.layout import Layout
from migrator.store.near_directories import near_directories
from migrator.store.sql import IN
from migrator.store.trees import trees
from migrator.text import agree, and_more, our_command, shell_join

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from migrator.model import Plan, ProjectChange, Session
    from migrator.planning.file_undo import FileUndoDecider
    from migrator.planning.relocation.destination import Relocation
    from migrator.store.reader import Store


def build_relocation_plan(
    store: Store, relocation: Relocation, file_undo: FileUndoDecider, *, copied: bool = False, announce: bool = False
) -> Plan:
    """Plan the changes that follow from moved folders; nothing is written. `announce` is that of `build_move_plan`.

    Raises NoSuchDirectory if the folders aren't where they should be, NothingMatched if nothing is bound to them, and
    MigratorError if an old folder is still in use, unless it was `copied`.
    """
    relocation.resolver.check_folders()
    project_id = relocation.project_id
    rows = {id_: rows for id_, rows in store.project_rows().items() if project_id in {None, id_}}
    updates, stay_warnings = project_updates(rows.values(), relocation)
    directories = store.directories(project_id)
    following = [directory for directory in directories if relocation.new_directory(directory) is not None]
    if not following and not updates:
        olds = [old for old, _ in relocation.moves.folders]
        near = near_directories(store, olds[0])
        staying = "".join(f"; {each.message.rstrip('.').replace('Project', 'project', 1)}" for each in stay_warnings)
        raise NothingMatched(
            f"No session{'' if staying else ' and no project'} is bound to {olds[0]}"
            f"{' or another of the folders' if len(olds) > 1 else ''}, or below it{near and f': {near}'}{staying}; "
            "`opencode-migrator projects` and `opencode-migrator list --all` show what there is."
        )
    in_projects = {project.paths.worktree for project in rows.values()}
    in_projects |= {directory_of(row) for project in rows.values() for row in project.directories}
    affected = {*following, *(each for each in in_projects if relocation.new_directory(each) is not None)}
    left_over = _left_over(affected, relocation, copied=copied)
    warnings = (
        *_unmatched_folders(affected, relocation),
        *_already_there(directories, relocation),
        *_impossible(directories, relocation),
        *_in_two_spellings(following, relocation),
    )
    selection = _selection(store, relocation, following, warnings)
    return build_move_plan(
        store,
        selection,
        relocation,
        file_undo,
        announce=announce,
        warnings=(*stay_warnings, *left_over, *_warnings_from_disk(store, selection, updates, relocation)),
        updates=updates,
        relocated=relocation.moves,
    )


def _selection(
    store: Store, relocation: Relocation, directories: Collection[str], warnings: Iterable[PlanWarning]
) -> Selection:
    """Select every session in these directories, and the rest of their trees, which stays where it is."""
    sessions = store.sessions_where(f"directory {IN}", [json.dumps([*directories])])
    chosen = {session.id: session for session in sessions if relocation.project_id in {None, session.project_id}}
    others = relatives(store, chosen)
    selected_by = {directory: (_typed_words(directory, relocation),) for directory in directories}
    selected = [
        Selected(session, tree[0].id, selected_by.get(session.directory) or (f"tree of {tree[0].id}",), "")
        for tree in trees(chosen | others)
        for session in tree
    ]
    return Selection(tuple(selected), (*warnings, *_stays_behind(others.values(), relocation)))


def _typed_words(directory: str, relocation: Relocation) -> str:
    """Return the words of `relocate` by which sessions in a directory are selected."""
    target = relocation.new_directory(directory)
    pairs = [(old, new) for old, new in relocation.moves.folders if target is not None and is_within(target, new)]
    exact = [(old, new) for old, new in pairs if relocation.folders.is_below(directory, old)]
    return shell_join(["relocate", *max(exact or pairs, key=lambda pair: len(pair[0]))])


def _stays_behind(sessions: Iterable[Session], relocation: Relocation) -> Iterator[PlanWarning]:
    """Warn about trees that reach beyond the folders: the sessions outside stay where they are."""
    outside = [session for session in sessions if not relocation.folders.has_arrived(session.directory)]
    if outside:
        first, number = min(outside), len(outside)
        more = f"{and_more(number - 1)} {agree(number, 'is')}"
        yield PlanWarning(
            "stays-behind",
            f"{first.id} in {first.directory}{more} outside the folder, though with a parent or a child in it, and "
            f"{agree(number, 'stays')} there; `move` takes all of them.",
            first.id,
        )


def _unmatched_folders(affected: Collection[str], relocation: Relocation) -> Iterator[PlanWarning]:
    """Warn about each folder that nothing is bound to: if a path was mistyped, it is one of these."""
    by_real_path: dict[str, list[str]] = {}
    for old, _ in relocation.moves.folders:
        real = old if relocation.moves.state is FolderState.FOREIGN else real_path(old)
        by_real_path.setdefault(real, []).append(old)
    paths = {normalise(relocation.moved_path(directory)) for directory in affected}
    for olds in by_real_path.values():
        if not any(relocation.folders.is_below(path, old) for path in paths for old in olds):
            yield PlanWarning("nothing-bound", f"No session and no project is bound to {olds[0]} or below it.")


def _already_there(directories: Iterable[str], relocation: Relocation) -> Iterator[PlanWarning]:
    staying = [directory for directory in directories if relocation.folders.has_arrived(directory)]
    if staying:
        yield PlanWarning(
            "already-there",
            f"Sessions in {min(staying)} stay: it is already in the new folder, which lies inside the old one.",
        )


def _impossible(directories: Iterable[str], relocation: Relocation) -> Iterator[PlanWarning]:
    staying = [directory for directory in directories if relocation.folders.is_impossible(directory)]
    if staying:
        yield PlanWarning(
            "no-windows-path",
            f"Sessions in {min(staying)}{and_more(len(staying) - 1, 'directory', 'directories')} stay: a name with a "
            "backslash in it is no name on Windows.",
        )


def _in_two_spellings(following: Iterable[str], relocation: Relocation) -> Iterator[PlanWarning]:
    """Warn about each directory of Windows that rows spell in several ways, of which each would be a directory here.

    It may be one above theirs. The command that is named makes all of them one.
    """
    folders = {comparable(old) for old, _ in relocation.moves.folders}
    spelled = _spellings(following, relocation)
    becomes: dict[str, str] = {}
    told: list[tuple[str, str, str, str, str]] = []
    for name in sorted(spelled, key=len):
        (new, first), *others = spelled[name].items()
        above = next(islice(upwards(name), 1, None), "")
        becomes[name] = new if name in folders or above not in becomes else below(becomes[above], [last_name(new)])
        other = next((each for each in others if last_name(each[0]) != last_name(new)), None)
        if other and name not in folders:
            told.append((first, other[1], new, other[0], becomes[name]))
    state = ["--foreign"] if relocation.moves.state is FolderState.FOREIGN else []
    pairs = [*relocation.moves.folders, *((second, one) for _, second, _, _, one in told)]
    command = our_command("relocate", *state, *(Pair(*pair).word for pair in pairs))
    for first, second, new, other_new, one in told:
        yield PlanWarning(
            "two-spellings",
            f"Windows takes {first} and {second} for one directory, and here they become {new} and {other_new}; "
            f"to take both to {one}: `{command}`",
        )


def _spellings(following: Iterable[str], relocation: Relocation) -> dict[str, dict[str, str]]:
    """Return for each directory of Windows that is followed, and each above it, what its spellings become here."""
    found: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for directory in sorted(following):
        for above in upwards(directory):
            new = relocation.new_directory(above) if is_windows(above) and above not in seen else None
            if new is None or is_windows(new):
                break
            seen.add(above)
            found.setdefault(comparable(above), {}).setdefault(new, slashed(above))
    return found


def _left_over(affected: Iterable[str], relocation: Relocation, *, copied: bool) -> list[PlanWarning]:
    """Warn about empty directories at old places; refuse if one of them is still in use, unless it was `copied`.

    opencode's desktop app makes a missing directory again, with a `.opencode` in it (issue 35240 of opencode).
    """
    empty: list[str] = []
    in_use: list[str] = []
    has_moved = relocation.moves.state is FolderState.MOVED
    for directory in sorted(affected) if has_moved else ():
        if _is_left_over(directory, relocation):
            (empty if _is_empty(directory) else in_use).append(directory)
    if in_use and not copied and relocation.project_id is None:
        more = f"{and_more(len(in_use) - 1, 'directory', 'directories')} {agree(len(in_use), 'is')}"
        moved = relocation.place(Binding("", in_use[0], None))
        only = f"--from-project {moved.project_id if moved else 'ID'}"
        raise MigratorError(
            f"{in_use[0]}{more} still there, and relocate follows a folder that has moved: say --copied if the "
            f"sessions are to go with its copy; if another repository is there now, say {only} to take only what "
            "belongs to the one that moved; to follow it before you move it say --will-move, with a new path that "
            "is free.",
        )
    return [
        PlanWarning("left-over", f"{directory} is empty (or holds only .opencode, which opencode creates); remove it.")
        for directory in empty
    ]


def _is_left_over(directory: str, relocation: Relocation) -> bool:
    """Tell whether a directory is still at its old place, unless it is another one that has moved there."""
    new = relocation.new_directory(directory)
    real = real_path(directory)
    if new is None or is_of_another_system(real) or not os.path.isdir(real) or is_same_directory(real, new):
        return False
    holds_new_folder = any(is_within(new_folder, real) for _, new_folder in relocation.moves.folders)
    return not holds_new_folder and relocation.folders.old_path(normalise(directory)) is None


def _is_empty(directory: str) -> bool:
    try:
        return {*os.listdir(directory)} <= {".opencode"}
    except OSError:
        return False


def _warnings_from_disk(
    store: Store, selection: Selection, updates: Iterable[ProjectChange], relocation: Relocation
) -> Iterator[PlanWarning]:
    """Yield the warnings that need a look at the folders themselves, if they are of this machine."""
    if relocation.moves.state is not FolderState.FOREIGN:
        yield from _worktree_repairs(selection, updates, relocation)
        yield from _changed_alternates(store, relocation)
        yield from _move_next(relocation)
        for file in files_that_name([old for old, _ in relocation.moves.folders], os.path.expanduser("~")):
            yield PlanWarning("named-elsewhere", f"{file} names the old folder; it isn't ours and stays as it is.")


def _worktree_repairs(
    selection: Selection, updates: Iterable[ProjectChange], relocation: Relocation
) -> list[PlanWarning]:
    """Warn about the broken links of each checkout that moves: those of sessions, and those in project rows."""
    news = {new for _, new in relocation.moves.folders}
    tops = {*news}
    for binding in {selected.session.binding for selected in selection.sessions}:
        if place := relocation.place(binding):
            tops.add(place.worktree)
    for update in updates:
        tops.add(update.worktree)
        tops |= {directory_of(row) for _, row in update.directories if row}
    return worktree_repairs(sorted(top for top in tops if any(is_within(top, new) for new in news)), relocation)


def _changed_alternates(store: Store, relocation: Relocation) -> Iterator[PlanWarning]:
    """Warn that snapshots of worktrees that stay use objects of a repository that moves, so that we update them."""
    broken = [worktree_of(git_dir) for git_dir, _ in broken_alternates(Layout.of(store).root, relocation.folders)]
    if others := sorted(worktree for worktree in broken if worktree and relocation.folders.new_path(worktree) is None):
        more = and_more(len(others) - 1, "worktree")
        yield PlanWarning(
            "snapshots-borrow",
            f"opencode's snapshots of {others[0]}{more} use objects of the repository that moves; their alternates "
            "are updated: without that, an undo there would delete files.",
        )


def _move_next(relocation: Relocation) -> Iterator[PlanWarning]:
    if relocation.moves.state is FolderState.WILL_MOVE:
        olds = {new: old for old, new in reversed(relocation.moves.folders)}
        swap = any(os.path.lexists(new) for new in olds)
        moves = [f"{old} to {new}" if swap else f"`{shell_join(['mv', old, new])}`" for new, old in olds.items()]
        yield PlanWarning(
            "move-next",
            f"opencode finds these sessions once the folder itself has moved; move it next: {'; '.join(moves)}",
        )
