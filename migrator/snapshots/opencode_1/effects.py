"""Tell what an undo in opencode 1 would do to the files of each turn.

opencode checks each file out of the tree from before the turn. If git can't, and the tree doesn't name the file,
opencode deletes it, since the turn must have made it; but it looks just the same if the tree is gone or belongs to
another worktree. To check a file out, git removes what is in its way: a directory in its place, with all that is in it.
Learnt from the code of opencode 1.18.34 and compared with what it does in tests/real/test_protect.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from migrator.paths import slashed
from migrator.snapshots.contract import EffectFinder
from migrator.snapshots.git.lookup import FileStatus
from migrator.snapshots.git.run import quotes_names
from migrator.snapshots.undo_effect import TurnEffect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.store.turns import Turn


class EffectFinderOf1(EffectFinder):
    """Finds what an undo of opencode 1 would do to each turn of these sessions.

    An opencode with snapshots by worktree asks git about several files of one tree at once. 1.18.34 runs `ls-tree
    --name-only` then without `core.quotepath=false`, and takes a file whose name git quotes and escapes for missing
    from the tree: it is deleted. It asks alone about a file that is named through a link.
    """

    def prepare(self) -> None:
        """Find out which turns are asked about several files at once, and whether git quotes names then."""
        sessions = self.sessions.values() if self.layout.by_worktree else ()
        self._batched = {part for turns in sessions for part in _batched(turns)}
        found = (path for (_, path), status in self.statuses.items() if status is FileStatus.PRESENT)
        self._quotes_names = not all(map(str.isascii, found)) and quotes_names(self.repository)

    def find(self, turn: Turn) -> TurnEffect:
        """Return what an undo of a turn would do. Raises CantTell if nobody can tell."""
        paths = [(file, self.path(file)) for file in turn.files]
        self.refuse_unreadable(self.statuses.get((turn.hash, path)) for _, path in paths if path)
        deletes, removes, restores = list[str](), list[str](), list[str]()
        because: str | None = None
        for file, path in paths:
            status = self.statuses.get((turn.hash, path or ""), FileStatus.TREE_MISSING)
            is_misread = status is FileStatus.PRESENT and self._is_misread(turn, file, path or "")
            if status is FileStatus.PRESENT and not is_misread:
                is_blocked = self.loses_others(turn, path or "")
                (deletes if is_blocked else restores).append(file)
                if is_blocked:
                    because = because or f"something else is in the way of {file} now"
            elif status is FileStatus.CONTENT_MISSING or not _is_removable(file):
                continue
            elif status is FileStatus.ABSENT:
                removes.append(file)
            else:
                deletes.append(file)
                because = because or self._why_deleted(path, status, is_misread=is_misread)
        return TurnEffect(turn, tuple(deletes), tuple(removes), tuple(restores), because)

    def path(self, file: str) -> str | None:
        """Return a file's path below the worktree, None if it isn't in it; as git does, this follows links."""
        path = slashed(os.path.normpath(file))
        if path.startswith(self.top):
            return path[len(self.top) :]
        ends = [index for index, letter in enumerate(path) if letter == "/" and index]
        return next((path[end + 1 :] for end in ends if self.realpath(path[:end]) == self.worktree), None)

    def _is_misread(self, turn: Turn, file: str, path: str) -> bool:
        is_quoted = self._quotes_names and not path.isascii() and file.startswith(self.top)
        return is_quoted and turn.part in self._batched

    def _why_deleted(self, path: str | None, status: FileStatus, *, is_misread: bool) -> str | None:
        if is_misread:
            return "opencode misreads a name that isn't ASCII, and takes the file for one that wasn't there"
        if path is None and self.worktree != "/":
            return f"the session is in {self.worktree} now, and the turn was elsewhere"
        return "its snapshot is damaged" if status is FileStatus.DAMAGED else self.target.because


def _batched(turns: Sequence[Turn]) -> Iterator[str]:
    """Yield the parts of those turns whose tree is asked for more than one file by the turns of this session."""
    files_of = Counter(tree for tree, _ in {(turn.hash, file) for turn in turns for file in turn.files})
    yield from (turn.part for turn in turns if files_of[turn.hash] > 1)


def _is_removable(file: str) -> bool:
    """Tell whether opencode's `rm` would remove something there: it removes no directory."""
    return os.path.isabs(file) and os.path.lexists(file) and (os.path.islink(file) or not os.path.isdir(file))
