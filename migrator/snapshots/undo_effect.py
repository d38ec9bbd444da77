"""What an undo in opencode would do to the files of each turn, if somebody asked for it today.

opencode checks each file out of the tree from before the turn. Where git can't, and the tree doesn't name the file,
opencode deletes it, for then the turn must have made it; but that is also how it looks where the tree is gone, or
isn't of this worktree. Learnt from the code of opencode 1.18.34 and held against what it does: tests/real/test_protect.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from migrator.snapshots.git import quotes_names
from migrator.snapshots.lookup import TreeEntry, look_up
from migrator.snapshots.undo_target import UndoTarget, UndoTargets
from migrator.store.turns import undo_records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.places import Places
    from migrator.snapshots.lookup import File
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

    `deletes` are the files that would be lost, `because` says why. `removes` are those that the turn itself made: to
    take them away is what an undo is for. `restores` are those that get back what was in them.
    """

    turn: Turn
    deletes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    because: str | None = None
    known: bool = True

    @property
    def outlook(self) -> UndoEffect:
        """The worst of it."""
        if not self.known:
            return UndoEffect.UNKNOWN
        if self.deletes:
            return UndoEffect.DELETES
        return UndoEffect.RESTORES if self.removes or self.restores else UndoEffect.NOTHING


def worst_effect(some: Iterable[TurnEffect]) -> UndoEffect:
    """Return what an undo of all these turns would do: where one deletes, it deletes."""
    seen = {turn.outlook for turn in some}
    return next((outlook for outlook in reversed(UndoEffect) if outlook in seen), UndoEffect.NOTHING)


def by_message(some: Iterable[TurnEffect], said: Mapping[str, Prompt]) -> dict[Prompt, list[TurnEffect]]:
    """Map each message of the user to what was done for it: in several steps, maybe, each with a part of its own."""
    found: dict[Prompt, list[TurnEffect]] = {}
    for step in some:
        found.setdefault(said[step.turn.part], []).append(step)
    return found


def undo_effects(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions that has file undo to its turns, oldest first; nothing is written.

    Git is asked a few things for each snapshot repository, whatever the number of sessions.
    """
    with_turns = {id_: found.turns for id_, found in undo_records(store, sessions).items() if found.turns}
    instances = UndoTargets(store, places)
    here: dict[UndoTarget, list[tuple[str, Sequence[Turn]]]] = {}
    for id_, (binding, marker) in store.bindings(with_turns).items():
        instance = instances.find(binding, redoable=_redoable(marker))
        here.setdefault(instance, []).append((id_, with_turns[id_]))
    found: dict[str, list[TurnEffect]] = {}
    for instance, cases in here.items():
        found |= _judged(instance, cases, batched=instances.layout.by_worktree)
    return found


def _redoable(marker: str | None) -> bool:
    try:
        return bool(json.loads(marker or "{}").get("snapshot"))
    except (ValueError, AttributeError):
        return False


def _judged(
    instance: UndoTarget, cases: Sequence[tuple[str, Sequence[Turn]]], *, batched: bool
) -> dict[str, list[TurnEffect]]:
    if instance.worktree is None:
        blank = TurnEffect(cases[0][1][0], because=instance.because, known=instance.known)
        return {id_: [blank._replace(turn=turn) for turn in some] for id_, some in cases}
    paths = _Paths(instance.worktree)
    wanted = {
        (turn.hash, path) for _, some in cases for turn in some for file in turn.files if (path := paths.inside(file))
    }
    entries = look_up(instance.repository, wanted) if instance.repository else {}
    quoting = _Quoting(instance, entries)
    found = {}
    for id_, some in cases:
        together = _together(some) if batched else frozenset()
        found[id_] = [
            _outlook(instance, turn, paths, entries, quoting if turn.hash in together else None) for turn in some
        ]
    return found


def _together(some: Sequence[Turn]) -> Collection[str]:
    """Return the hashes that several files of a session name: opencode asks git about those at once."""
    files: dict[str, set[str]] = {}
    for turn in some:
        files.setdefault(turn.hash, set()).update(turn.files)
    return {hash_ for hash_, named in files.items() if len(named) > 1}


def _outlook(
    instance: UndoTarget, turn: Turn, paths: _Paths, entries: Mapping[File, TreeEntry], quoting: _Quoting | None
) -> TurnEffect:
    deletes, removes, restores = [], [], []
    why: str | None = None
    for file in turn.files:
        path = paths.inside(file)
        entry = entries.get((turn.hash, path), TreeEntry.UNREADABLE) if path else TreeEntry.UNREADABLE
        mistaken = entry is TreeEntry.THERE and quoting is not None and quoting.hides(file, path)
        if entry is TreeEntry.THERE and not mistaken:
            restores.append(file)
        elif entry is TreeEntry.EMPTY or not _removable(file):
            continue
        elif entry is TreeEntry.ABSENT:
            removes.append(file)
        else:
            deletes.append(file)
            why = why or _why(instance, path, mistaken=mistaken)
    return TurnEffect(turn, tuple(deletes), tuple(removes), tuple(restores), why)


def _why(instance: UndoTarget, path: str | None, *, mistaken: bool) -> str | None:
    if mistaken:
        return "opencode misreads a name that isn't ASCII, and takes the file for one that wasn't there"
    if path is None and instance.worktree != "/":
        return f"the session is in {instance.worktree} now, and the turn was elsewhere"
    return instance.because


def _removable(file: str) -> bool:
    """Tell whether opencode's `rm` would take away anything: it takes no directory."""
    return os.path.isabs(file) and os.path.lexists(file) and (os.path.islink(file) or not os.path.isdir(file))


class _Paths:
    """Which files are in a worktree, and where, as git sees it."""

    def __init__(self, worktree: str) -> None:
        self._worktree = worktree
        self._top = worktree.rstrip("/") + "/"
        self._prefixes: dict[str, bool] = {}

    def inside(self, file: str) -> str | None:
        """Return the path below the worktree; git follows links to find out whether a file is in it."""
        path = os.path.normpath(file)
        if path.startswith(self._top):
            return path[len(self._top) :]
        ends = [index for index, letter in enumerate(path) if letter == "/" and index]
        return next((path[end + 1 :] for end in ends if self._is_top(path[:end])), None)

    def _is_top(self, prefix: str) -> bool:
        known = self._prefixes.get(prefix)
        if known is None:
            known = self._prefixes[prefix] = os.path.realpath(prefix) == self._worktree
        return known


class _Quoting:
    """Names that opencode reads in quotes and escapes, and so takes for missing, where it asks about several at once.

    (opencode 1.18.34 runs `ls-tree --name-only` there without `core.quotepath=false`: a file that is in the tree is
    deleted.)
    """

    def __init__(self, instance: UndoTarget, entries: Mapping[File, TreeEntry]) -> None:
        self._top = (instance.worktree or "").rstrip("/") + "/"
        foreign = any(entry is TreeEntry.THERE and not path.isascii() for (_, path), entry in entries.items())
        self._on = foreign and quotes_names(instance.repository or "")

    def hides(self, file: str, path: str | None) -> bool:
        """Tell whether opencode would overlook a file; one that it names by way of a link it asks about alone."""
        return self._on and path is not None and not path.isascii() and file.startswith(self._top)
