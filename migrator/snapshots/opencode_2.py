"""Tell what an undo of opencode 2 would do to the files of each turn if somebody asked for it today.

It opens the session's directory, takes project and worktree of that, and looks for each file of the turn, relative to
the worktree, in the tree from before the turn. If the tree has the file, it is checked out; if the tree is there and
hasn't, the file is removed, with all that is in it if it is a directory by now; if the tree or a part of it is missing,
the undo fails. A file outside of the worktree makes it fail before it touches anything. So an undo does harm only where
the turn was made in another worktree, of which the tree may be known: that of a clean checkout is a commit's. (Read in
its source of October 2026: session/revert.ts, snapshot.ts, git.ts; an undo after its own moves was seen with V2 code.)
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_directory
from migrator.errors import CantTell, MigratorError
from migrator.paths import is_of_this_system, upwards
from migrator.progress import counted
from migrator.snapshots.compare import is_in_the_way, same_as_snapshot
from migrator.snapshots.git import common_directory
from migrator.snapshots.layout import Layout
from migrator.snapshots.lookup import FileStatus, look_up
from migrator.snapshots.readable import Readability
from migrator.snapshots.trees import Trees, own_trees
from migrator.snapshots.undo_effect import TurnEffect
from migrator.snapshots.undo_target import UndoTarget
from migrator.store.opencode_2.turns import records_of_2
from migrator.store.turns import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding
    from migrator.places import Places
    from migrator.store.opencode_2.turns import AnswerOf2
    from migrator.store.reader import Store
    from migrator.store.turns import Turn

_IN_GONE = "and nobody knows whether opencode 2 would then act in the repository around it,"


class TargetsOf2:
    """Where an undo of opencode 2 would act, each directory looked at once."""

    def __init__(self, store: Store, places: Places) -> None:
        self._places = places
        self._layout = Layout.of(store)
        self._find_in = cache(self._target_of)

    def find(self, binding: Binding) -> UndoTarget:
        """Return the worktree and the snapshots on which an undo in a session with this binding would act."""
        if binding.workspace_id is not None:
            return UndoTarget(None, because="nobody knows what opencode 2 does in its workspaces", known=False)
        return self._find_in(binding.directory)

    def _target_of(self, directory: str) -> UndoTarget:
        try:
            there = next(filter(is_directory, upwards(directory)), "") if is_of_this_system(directory) else ""
            if not there:
                return UndoTarget(None, because=f"{directory!r} is no path of this system")
            place = self._places.find(there)
            if place.vcs != "git":
                return UndoTarget(None, because=f"{directory} is in no git repository, so an undo fails", place=place)
            if there != directory:
                return UndoTarget(None, because=f"{directory} is gone, {_IN_GONE} {place.worktree}", known=False)
            git_dir = self._layout.git_dir(place.project_id, place.worktree)
            if self._layout.has(git_dir):
                return UndoTarget(place.worktree, git_dir, place=place)
            # It makes the repository before it restores; its alternates are the objects of the worktree's own.
            because = "opencode has no snapshots of this worktree"
            common = self._places.checkout(place.worktree).common or common_directory(place.worktree)
            return UndoTarget(place.worktree, common, because, place=place)
        except MigratorError as error:
            return UndoTarget(None, because=str(error).rstrip("."), known=False)


def undo_effects_of_2(
    store: Store, places: Places, sessions: Iterable[str], bindings: dict[str, Binding] | None = None
) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions in which an undo of opencode 2 acts on files to its turns, oldest first.

    `bindings` are where sessions are to be, if not where they are. What a redo would restore counts as a turn.
    """
    records = {
        id_: record for id_, record in records_of_2(store, sessions).items() if record.answers or record.unreadable
    }
    targets, readability = TargetsOf2(store, places), Readability()
    by_target: dict[UndoTarget, list[str]] = {}
    for id_, (binding, _) in store.bindings(records, 2).items():
        by_target.setdefault(targets.find((bindings or {}).get(id_, binding)), []).append(id_)
    found: dict[str, list[TurnEffect]] = {}
    for target, ids in counted(by_target.items(), "Looking at snapshots", "worktrees"):
        found |= _effects_in(target, {id_: records[id_].answers for id_ in ids}, readability)
    for id_, record in records.items():
        for turn in record.unreadable:
            why = why_unreadable("session_message", turn.part, id_)
            found.setdefault(id_, []).append(TurnEffect(turn, because=why, known=False, looked=False))
    return found


def _effects_in(
    target: UndoTarget, sessions: dict[str, list[AnswerOf2]], readability: Readability
) -> dict[str, list[TurnEffect]]:
    if target.worktree is not None and target.repository is not None:
        try:
            answers = [answer for every in sessions.values() for answer in every]
            finder = _Finder(target, answers, readability)
            return {id_: list(map(finder.find_or_tell, every)) for id_, every in sessions.items()}
        except MigratorError as error:
            target = UndoTarget(None, because=str(error).rstrip("."), known=False)
    return {
        id_: [
            TurnEffect(answer.turn, because=target.because, known=target.known, looked=target.known) for answer in every
        ]
        for id_, every in sessions.items()
    }


class _Finder:
    """Finds what an undo of each of these turns, all on one worktree, would do."""

    def __init__(self, target: UndoTarget, answers: Sequence[AnswerOf2], readability: Readability) -> None:
        self._worktree, repository = target.worktree or "", target.repository or ""
        self._top, self._repository = self._worktree.rstrip("/") + "/", repository
        wanted = {
            (answer.turn.hash, path) for answer in answers for file in answer.turn.files if (path := self._path(file))
        }
        self._statuses = look_up(repository, wanted)
        is_whole = {FileStatus.PRESENT, FileStatus.ABSENT}.issuperset(self._statuses.values())
        is_answering = FileStatus.DAMAGED not in self._statuses.values()
        self._why_unreadable = None if is_whole else readability.why_unreadable(repository, git_answers=is_answering)
        trees = {tree for answer in answers for tree in (answer.turn.hash, answer.end)}
        self._own = own_trees(repository, trees) if target.because is None else set[str]()

    def find_or_tell(self, answer: AnswerOf2) -> TurnEffect:
        """Return what an undo of a turn would do, or why that can't be told."""
        try:
            return self._find(answer)
        except MigratorError as error:
            return TurnEffect(answer.turn, because=str(error).rstrip("."), known=False, looked=False)

    def _find(self, answer: AnswerOf2) -> TurnEffect:
        turn = answer.turn
        paths = {file: self._path(file) for file in turn.files}
        if None in paths.values():
            return TurnEffect(turn, because=f"it names files outside of {self._worktree}, so an undo fails")
        if any("\n" in file for file in turn.files):
            raise CantTell("git can't be asked for a file with a line end in its name")
        found = {file: self._statuses[turn.hash, path] for file, path in paths.items() if path}
        restores = [file for file, status in found.items() if status is FileStatus.PRESENT]
        removes = [
            file for file, status in found.items() if status is FileStatus.ABSENT and os.path.lexists(self._top + file)
        ]
        is_gone = len(turn.files) > sum(status in {FileStatus.PRESENT, FileStatus.ABSENT} for status in found.values())
        if is_gone and self._why_unreadable:
            raise CantTell(self._why_unreadable)
        because = "its snapshot is gone, so an undo fails" if is_gone else None
        if is_gone and not (restores or removes):
            return TurnEffect(turn, because=because)
        is_made_here = self._is_made_here(answer)
        if is_made_here:
            # An absolute name is removed as if it were relative.
            deletes = [file for file in removes if os.path.isabs(file) or self._is_of_others(file)]
            deletes += filter(self._is_of_others, restores)
            because = f"something else is in the way of {deletes[0]} now" if deletes else because
            removes, restores = ([file for file in files if file not in deletes] for files in (removes, restores))
            return TurnEffect(turn, self._full(deletes), self._full(removes), self._full(restores), because)
        deletes = [*removes, *self._overwritten(turn, restores, paths)]
        because = f"the session is in {self._worktree} now, and the turn was in {answer.worktree}"
        if is_made_here is None:
            because = f"nobody knows whether it was made in {self._worktree}, where an undo would act now"
        if is_made_here is None and deletes:
            return TurnEffect(turn, because=because, known=False)
        same = [file for file in restores if file not in deletes]
        return TurnEffect(turn, self._full(deletes), (), self._full(same), because)

    def _path(self, file: str) -> str | None:
        """Return the path below the worktree at which the tree is asked for a file; None makes an undo fail."""
        full = os.path.normpath(os.path.join(self._worktree, file))
        return full.removeprefix(self._top) if full.startswith(self._top) else None

    def _is_made_here(self, answer: AnswerOf2) -> bool | None:
        """Tell whether a turn was made in this worktree; None: nobody can tell.

        Opencode 1 stored absolute paths. A tree that the worktree's snapshots have themselves was taken in it; a
        commit's they have from its repository, which clones have too. The tree before the turn proves nothing: what a
        session left here, and somebody committed, is what every new worktree begins with. Nor do messages, since
        previews moved sessions without one.
        """
        if all(map(os.path.isabs, answer.turn.files)):
            return True
        end = answer.end or answer.turn.hash
        if answer.worktree is None or is_same_directory(answer.worktree, self._worktree):
            return True if end in self._own else None
        # One that is gone may have been renamed to this.
        is_doubted = not self._own.isdisjoint({answer.turn.hash, end})
        return None if is_doubted or not is_directory(answer.worktree) else False

    def _is_of_others(self, file: str) -> bool:
        """Tell whether an undo would remove something else than a file that the turn made or changed."""
        path = self._path(file)
        return path is not None and is_in_the_way(self._worktree, path)

    def _overwritten(self, turn: Turn, restores: Sequence[str], paths: dict[str, str | None]) -> list[str]:
        wanted = {(turn.hash, path) for file in restores if (path := paths[file])}
        with Trees(self._repository) as trees:
            same = same_as_snapshot(trees, self._repository, self._worktree, wanted)
        return [file for file in restores if (turn.hash, paths[file]) not in same]

    def _full(self, files: Iterable[str]) -> tuple[str, ...]:
        return tuple(os.path.join(self._top, file) for file in files)
