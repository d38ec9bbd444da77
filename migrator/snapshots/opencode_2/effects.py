"""Tell what an undo of opencode 2 would do to the files of each turn if somebody asked for it today.

It opens the session's directory, takes project and worktree of that, and looks for each file of the turn, relative to
the worktree, in the tree from before the turn.

| the tree | what the undo does |
|---|---|
| has the file | checks it out |
| lacks the file | deletes it, and if it is a directory by now, all that is in it |
| is missing, or a part of it | fails |
| (the file is outside of the worktree) | fails, before it touches anything |

It also fails where it deletes a file from a directory in whose place it has restored a file (ENOTDIR, seen with the Bun
in 1.18.34). So an undo is harmful only if the turn was made in another worktree. The tree may still be found here: a
clean checkout has the same tree as its commit. (Read in its source of October 2026: session/revert.ts, snapshot.ts,
git.ts; an undo after its own moves was seen with V2 code.)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_directory
from migrator.errors import CantTell
from migrator.paths import slashed, upwards
from migrator.snapshots.contract import KNOWN, EffectFinder
from migrator.snapshots.git.lookup import FileStatus
from migrator.snapshots.git.trees import Trees, own_trees
from migrator.snapshots.repositories.compare import same_as_snapshot
from migrator.snapshots.undo_effect import TurnEffect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.store.turns import Turn


class EffectFinderOf2(EffectFinder):
    """Finds what an undo of each of these turns, all on one worktree, would do."""

    def prepare(self) -> None:
        """Find out which trees the worktree's snapshots have themselves."""
        trees = {tree for turn in self.turns for tree in (turn.hash, turn.end)}
        self._own = own_trees(self.repository, trees) if self.target.because is None else set[str]()

    def find(self, turn: Turn) -> TurnEffect:
        """Return what an undo of a turn would do. Raises MigratorError if nobody can tell."""
        paths = {file: self.path(file) for file in turn.files}
        if None in paths.values():
            return TurnEffect(turn, because=f"it names files outside of {self.worktree}, so an undo fails")
        if any("\n" in file for file in turn.files):
            raise CantTell("git can't be asked for a file with a line end in its name")
        found = {file: self.statuses[turn.hash, path] for file, path in paths.items() if path}
        restores = [file for file, status in found.items() if status is FileStatus.PRESENT]
        removes = [
            file for file, status in found.items() if status is FileStatus.ABSENT and os.path.lexists(self.top + file)
        ]
        self.refuse_unreadable(found.values())
        is_gone = not KNOWN.issuperset(found.values())
        because = "its snapshot is gone, so an undo fails" if is_gone else None
        if is_gone and not (restores or removes):
            return TurnEffect(turn, because=because)
        is_made_here = self._is_made_here(turn)
        if is_made_here:
            # An absolute name is removed as if it were relative.
            lost = {file for file in (*removes, *restores) if self.loses_others(turn, paths[file] or "")}
            deletes = [file for file in removes if os.path.isabs(file) or file in lost]
            deletes += filter(lost.__contains__, restores)
            because = f"something else is in the way of {deletes[0]} now" if deletes else because
            if stuck := [file for file in removes if not {*restores}.isdisjoint(upwards(file))]:
                because = because or f"it removes {stuck[0]} after it has restored a file above that, so an undo fails"
            removes, restores = ([file for file in files if file not in deletes] for files in (removes, restores))
            return TurnEffect(turn, self._full(deletes), self._full(removes), self._full(restores), because)
        deletes = [*removes, *self._overwritten(turn, restores, paths)]
        because = f"the session is in {self.worktree} now, and the turn was in {turn.worktree}"
        if is_made_here is None:
            because = f"nobody knows whether it was made in {self.worktree}, where an undo would act now"
        if is_made_here is None and deletes:
            return TurnEffect(turn, because=because, known=False)
        same = [file for file in restores if file not in deletes]
        return TurnEffect(turn, self._full(deletes), (), self._full(same), because)

    def path(self, file: str) -> str | None:
        """Return the path below the worktree at which the tree is asked for a file; None makes an undo fail."""
        full = slashed(os.path.normpath(os.path.join(self.worktree, file)))
        return full.removeprefix(self.top) if full.startswith(self.top) else None

    def _is_made_here(self, turn: Turn) -> bool | None:
        """Tell whether a turn was made in this worktree; None: nobody can tell.

        Opencode 1 stored absolute paths. A tree that the worktree's snapshots have themselves was taken in it; a
        commit's they have from its repository, which clones have too. The tree before the turn proves nothing: what a
        session left here, and somebody committed, is what every new worktree begins with. Nor do messages, since
        previews moved sessions without one.
        """
        if all(map(os.path.isabs, turn.files)):
            return True
        end = turn.end or turn.hash
        if turn.worktree is None or is_same_directory(turn.worktree, self.worktree):
            return True if end in self._own else None
        # One that is gone may have been renamed to this.
        is_doubted = not self._own.isdisjoint({turn.hash, end})
        return None if is_doubted or not is_directory(turn.worktree) else False

    def _overwritten(self, turn: Turn, restores: Sequence[str], paths: dict[str, str | None]) -> list[str]:
        wanted = {(turn.hash, path) for file in restores if (path := paths[file])}
        with Trees(self.repository) as trees:
            same = same_as_snapshot(trees, self.repository, self.worktree, wanted)
        return [file for file in restores if (turn.hash, paths[file]) not in same]

    def _full(self, files: Iterable[str]) -> tuple[str, ...]:
        return tuple(os.path.join(self.top, file) for file in files)
