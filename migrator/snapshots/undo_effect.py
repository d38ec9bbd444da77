"""Tell what an undo in opencode would do to the files of each turn if somebody asked for it today.

opencode checks each file out of the tree from before the turn. If git can't, and the tree doesn't name the file,
opencode deletes it, since the turn must have made it; but it looks just the same if the tree is gone or belongs to
another worktree. To check a file out, git removes what is in its way: a directory in its place, with all that is in it.
Learnt from the code of opencode 1.18.34 and compared with what it does in tests/real/test_protect.
"""

from __future__ import annotations

import os
from collections import Counter
from enum import StrEnum
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import CantTell
from migrator.progress import counted, doing
from migrator.snapshots.compare import is_in_the_way
from migrator.snapshots.git import quotes_names
from migrator.snapshots.lookup import FileStatus, look_up
from migrator.snapshots.readable import Readability
from migrator.snapshots.undo_target import UndoTarget, UndoTargets
from migrator.store.turns import Prompt, redo_snapshot, undo_records, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.turns import Turn


UNTIL_MENDED = "Until that is mended, an undo there may delete files."
"""What people are told of an unknown effect: opencode takes what it can't read for missing (seen with 1.18.34)."""


class UndoEffect(StrEnum):
    """What an undo would do, the worst last."""

    NOTHING = "nothing"
    RESTORES = "restores"
    UNKNOWN = "unknown"
    DELETES = "deletes"


class TurnEffect(NamedTuple):
    """What an undo would do to the files of one `patch` part.

    `deletes` are the files that would be lost, and `because` says why. `removes` are files that the turn itself made,
    as an undo should. `restores` are files that get their old content back. `known` is false if we can't tell;
    `looked` also, if that is because something can't be looked at, which can be mended.
    """

    turn: Turn
    deletes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    because: str | None = None
    known: bool = True
    looked: bool = True

    @property
    def effect(self) -> UndoEffect:
        """The worst effect on any of its files."""
        if not self.known:
            return UndoEffect.UNKNOWN
        if self.deletes:
            return UndoEffect.DELETES
        return UndoEffect.RESTORES if self.removes or self.restores else UndoEffect.NOTHING


def worst_effect(turns: Iterable[TurnEffect]) -> UndoEffect:
    """Return what an undo of all these turns would do: if one deletes, it deletes."""
    return max((turn.effect for turn in turns), key=[*UndoEffect].index, default=UndoEffect.NOTHING)


def dangerous_turns(turns: Iterable[TurnEffect]) -> list[TurnEffect]:
    """Return those of these turns whose undo would delete files."""
    return [turn for turn in turns if turn.effect is UndoEffect.DELETES]


def by_message(turns: Iterable[TurnEffect], prompts: Mapping[str, Prompt]) -> dict[Prompt, list[TurnEffect]]:
    """Map each message of the user to the turns that answer it, one for each step; `prompts` has the prompt by part."""
    found: dict[Prompt, list[TurnEffect]] = {}
    for effect in turns:
        found.setdefault(prompts.get(effect.turn.part, Prompt(effect.turn.part, 0)), []).append(effect)
    return found


def undo_effects_of_1(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions that has file undo in opencode 1 to its turns, oldest first; nothing is written.

    Git is run a few times for each snapshot repository, whatever the number of sessions.
    """
    with doing("Reading turns"):
        records = undo_records(store, sessions)
    with_turns = {id_: record.turns for id_, record in records.items() if record.turns}
    targets = UndoTargets(store, places)
    by_target: dict[UndoTarget, dict[str, Sequence[Turn]]] = {}
    bound = store.bindings(with_turns, 1)
    for id_, (binding, marker) in counted(bound.items(), "Looking at where sessions are", "sessions"):
        target = targets.find(binding, redoable=bool(redo_snapshot(marker)))
        by_target.setdefault(target, {})[id_] = with_turns[id_]
    readability, found = Readability(), dict[str, list[TurnEffect]]()
    for target, sessions_turns in counted(by_target.items(), "Looking at snapshots", "worktrees"):
        found |= _effects_in(target, sessions_turns, readability, batched=targets.layout.by_worktree)
    for id_, record in records.items():
        for turn in record.unreadable:
            why = why_unreadable("part", turn.part, id_)
            found.setdefault(id_, []).append(TurnEffect(turn, because=why, known=False))
    return found


def _effects_in(
    target: UndoTarget, sessions: Mapping[str, Sequence[Turn]], readability: Readability, *, batched: bool
) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions, whose undo acts on one target, to the effect of each turn.

    `batched` tells whether opencode asks git about several files of one tree at once.
    """
    if target.worktree is None:
        return {
            id_: [TurnEffect(turn, because=target.because, known=target.known) for turn in turns]
            for id_, turns in sessions.items()
        }
    every_turn = [turn for turns in sessions.values() for turn in turns]
    finder = _EffectFinder(target, target.worktree, every_turn, readability)
    found = {}
    for id_, turns in sessions.items():
        files_of = Counter(tree for tree, _ in {(turn.hash, file) for turn in turns for file in turn.files})
        found[id_] = [finder.find(turn, batched=batched and files_of[turn.hash] > 1) for turn in turns]
    return found


_KNOWN = frozenset({FileStatus.PRESENT, FileStatus.ABSENT})
"""What git says of a file having seen the trees; anything else may be for want of permission."""


class _EffectFinder:
    """Finds what an undo of each of these turns, all on one target, would do."""

    def __init__(self, target: UndoTarget, worktree: str, turns: Sequence[Turn], readability: Readability) -> None:
        self._target = target
        self._top = worktree.rstrip("/") + "/"
        self._is_worktree = cache(lambda directory: os.path.realpath(directory) == worktree)
        self._is_in_the_way = cache(partial(is_in_the_way, worktree))
        wanted = {(turn.hash, path) for turn in turns for file in turn.files if (path := self._path(file))}
        self._statuses = look_up(target.repository, wanted) if target.repository else {}
        is_whole = _KNOWN.issuperset(self._statuses.values())
        self._why_unreadable = None
        if target.repository and not is_whole:
            answers = FileStatus.DAMAGED not in self._statuses.values()
            self._why_unreadable = readability.why_unreadable(target.repository, git_answers=answers)
        found = (path for (_, path), status in self._statuses.items() if status is FileStatus.PRESENT)
        self._quotes_names = not all(map(str.isascii, found)) and quotes_names(target.repository or "")

    def find(self, turn: Turn, *, batched: bool) -> TurnEffect:
        """Return what an undo of a turn would do, or why that can't be told; `batched`: see `_find`."""
        try:
            return self._find(turn, batched=batched)
        except CantTell as error:
            return TurnEffect(turn, because=str(error).rstrip("."), known=False)

    def _find(self, turn: Turn, *, batched: bool) -> TurnEffect:
        """`batched`: opencode asks git about several files of a turn's tree at once.

        opencode 1.18.34 runs `ls-tree --name-only` then without `core.quotepath=false`, and takes a file whose name
        git quotes and escapes for missing from the tree: it is deleted. It asks alone about a file that is named
        through a link.
        """
        found = {self._statuses.get((turn.hash, path)) for file in turn.files if (path := self._path(file))}
        if self._why_unreadable is not None and not _KNOWN.issuperset(found):
            return TurnEffect(turn, because=self._why_unreadable, known=False)
        deletes, removes, restores = list[str](), list[str](), list[str]()
        because: str | None = None
        for file in turn.files:
            path = self._path(file)
            status = self._statuses.get((turn.hash, path or ""), FileStatus.UNREADABLE)
            is_quoted = self._quotes_names and not (path or "").isascii() and file.startswith(self._top)
            is_misread = batched and is_quoted and status is FileStatus.PRESENT
            if status is FileStatus.PRESENT and not is_misread:
                is_blocked = self._is_in_the_way(path or "")
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

    def _path(self, file: str) -> str | None:
        """Return a file's path below the worktree, None if it isn't in it; as git does, this follows links."""
        path = os.path.normpath(file)
        if path.startswith(self._top):
            return path[len(self._top) :]
        ends = [index for index, letter in enumerate(path) if letter == "/" and index]
        return next((path[end + 1 :] for end in ends if self._is_worktree(path[:end])), None)

    def _why_deleted(self, path: str | None, status: FileStatus, *, is_misread: bool) -> str | None:
        if is_misread:
            return "opencode misreads a name that isn't ASCII, and takes the file for one that wasn't there"
        if path is None and self._target.worktree != "/":
            return f"the session is in {self._target.worktree} now, and the turn was elsewhere"
        return "its snapshot is damaged" if status is FileStatus.DAMAGED else self._target.because


def _is_removable(file: str) -> bool:
    """Tell whether opencode's `rm` would remove something there: it removes no directory."""
    return os.path.isabs(file) and os.path.lexists(file) and (os.path.islink(file) or not os.path.isdir(file))
