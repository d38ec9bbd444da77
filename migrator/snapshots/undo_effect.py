"""Tell what an undo in opencode would do to the files of each turn if somebody asked for it today.

opencode checks each file out of the tree from before the turn. If git can't, and the tree doesn't name the file,
opencode deletes it, since the turn must have made it; but it looks just the same if the tree is gone or belongs to
another worktree. Learnt from the code of opencode 1.18.34 and compared with what it does in tests/real/test_protect.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from migrator.snapshots.git import quotes_names
from migrator.snapshots.lookup import FileStatus, look_up
from migrator.snapshots.undo_target import UndoTarget, UndoTargets
from migrator.store.turns import redo_snapshot, undo_records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.places import Places
    from migrator.snapshots.lookup import FileInTree
    from migrator.store.reader import Store
    from migrator.store.turns import Prompt, Turn


class UndoEffect(StrEnum):
    """What an undo would do, the worst last."""

    NOTHING = "nothing"
    RESTORES = "restores"
    UNKNOWN = "unknown"
    DELETES = "deletes"


class TurnEffect(NamedTuple):
    """What an undo would do to the files of one `patch` part.

    `deletes` are the files that would be lost, and `because` says why. `removes` are files that the turn itself made,
    as an undo should. `restores` are files that get their old content back. `known` is false if we can't tell.
    """

    turn: Turn
    deletes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    because: str | None = None
    known: bool = True

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
        found.setdefault(prompts[effect.turn.part], []).append(effect)
    return found


def undo_effects(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions that has file undo to its turns, oldest first; nothing is written.

    Git is run a few times for each snapshot repository, whatever the number of sessions.
    """
    with_turns = {id_: found.turns for id_, found in undo_records(store, sessions).items() if found.turns}
    targets = UndoTargets(store, places)
    by_target: dict[UndoTarget, dict[str, Sequence[Turn]]] = {}
    for id_, (binding, marker) in store.bindings(with_turns).items():
        target = targets.find(binding, redoable=bool(redo_snapshot(marker)))
        by_target.setdefault(target, {})[id_] = with_turns[id_]
    found: dict[str, list[TurnEffect]] = {}
    for target, sessions_turns in by_target.items():
        found |= _effects_in(target, sessions_turns, batched=targets.layout.by_worktree)
    return found


def _effects_in(
    target: UndoTarget, sessions: Mapping[str, Sequence[Turn]], *, batched: bool
) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions, whose undo acts on one target, to the effect of each turn.

    `batched` tells whether opencode asks git about several files of one tree at once.
    """
    if target.worktree is None:
        return {
            id_: [TurnEffect(turn, because=target.because, known=target.known) for turn in turns]
            for id_, turns in sessions.items()
        }
    paths = _Paths(target.worktree)
    every_turn = [turn for turns in sessions.values() for turn in turns]
    wanted = {(turn.hash, path) for turn in every_turn for file in turn.files if (path := paths.inside(file))}
    statuses = look_up(target.repository, wanted) if target.repository else {}
    quoted = _QuotedNames(target, statuses)
    found = {}
    for id_, turns in sessions.items():
        shared = _trees_of_several_files(turns) if batched else frozenset()
        found[id_] = [
            _effect_of(target, turn, paths, statuses, quoted if turn.hash in shared else None) for turn in turns
        ]
    return found


def _trees_of_several_files(turns: Sequence[Turn]) -> Collection[str]:
    """Return the trees from which the turns of a session restore several files, about which opencode asks at once."""
    files: dict[str, set[str]] = {}
    for turn in turns:
        files.setdefault(turn.hash, set()).update(turn.files)
    return {tree for tree, named in files.items() if len(named) > 1}


def _effect_of(
    target: UndoTarget,
    turn: Turn,
    paths: _Paths,
    statuses: Mapping[FileInTree, FileStatus],
    quoted: _QuotedNames | None,
) -> TurnEffect:
    deletes, removes, restores = [], [], []
    because: str | None = None
    for file in turn.files:
        path = paths.inside(file)
        status = statuses.get((turn.hash, path), FileStatus.UNREADABLE) if path else FileStatus.UNREADABLE
        is_misread = status is FileStatus.PRESENT and quoted is not None and quoted.is_misread(file, path)
        if status is FileStatus.PRESENT and not is_misread:
            restores.append(file)
        elif status is FileStatus.CONTENT_MISSING or not _is_removable(file):
            continue
        elif status is FileStatus.ABSENT:
            removes.append(file)
        else:
            deletes.append(file)
            because = because or _why_deleted(target, path, is_misread=is_misread)
    return TurnEffect(turn, tuple(deletes), tuple(removes), tuple(restores), because)


def _why_deleted(target: UndoTarget, path: str | None, *, is_misread: bool) -> str | None:
    if is_misread:
        return "opencode misreads a name that isn't ASCII, and takes the file for one that wasn't there"
    if path is None and target.worktree != "/":
        return f"the session is in {target.worktree} now, and the turn was elsewhere"
    return target.because


def _is_removable(file: str) -> bool:
    """Tell whether opencode's `rm` would remove something there: it removes no directory."""
    return os.path.isabs(file) and os.path.lexists(file) and (os.path.islink(file) or not os.path.isdir(file))


class _Paths:
    """The paths of files in a worktree, as git sees them."""

    def __init__(self, worktree: str) -> None:
        self._worktree = worktree
        self._top = worktree.rstrip("/") + "/"
        self._known: dict[str, bool] = {}

    def inside(self, file: str) -> str | None:
        """Return a file's path below the worktree, None if it isn't in it; as git does, this follows links."""
        path = os.path.normpath(file)
        if path.startswith(self._top):
            return path[len(self._top) :]
        ends = [index for index, letter in enumerate(path) if letter == "/" and index]
        return next((path[end + 1 :] for end in ends if self._is_worktree(path[:end])), None)

    def _is_worktree(self, directory: str) -> bool:
        if directory not in self._known:
            self._known[directory] = os.path.realpath(directory) == self._worktree
        return self._known[directory]


class _QuotedNames:
    """Names that git prints in quotes and escapes, which opencode takes for missing if it asks about several at once.

    (opencode 1.18.34 runs `ls-tree --name-only` there without `core.quotepath=false`: a file that is in the tree is
    deleted.)
    """

    def __init__(self, target: UndoTarget, statuses: Mapping[FileInTree, FileStatus]) -> None:
        self._top = (target.worktree or "").rstrip("/") + "/"
        not_ascii = any(status is FileStatus.PRESENT and not path.isascii() for (_, path), status in statuses.items())
        self._is_quoting = not_ascii and quotes_names(target.repository or "")

    def is_misread(self, file: str, path: str | None) -> bool:
        """Tell whether opencode would overlook a file; about one that is named through a link it asks alone."""
        return self._is_quoting and path is not None and not path.isascii() and file.startswith(self._top)
