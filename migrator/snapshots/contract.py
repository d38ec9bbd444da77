"""What each version of opencode answers about file undo, in the order in which a turn goes through it.

Its row is read (`records`). Where would an undo act (`target`), and what would it do to the files (`effects`)? Which
turns do the same at the destination of a move (`decide`), by which trees? These are then carried
(`repositories/transfer.py`). What a version alone has to say comes last, with an answer for those that don't.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from migrator.disk.status import is_directory
from migrator.errors import CantTell, MigratorError
from migrator.paths import is_of_this_system, slashed, upwards
from migrator.progress import counted, doing
from migrator.snapshots.git.lookup import FileStatus, look_up
from migrator.snapshots.git.readable import Readability
from migrator.snapshots.git.run import common_directory
from migrator.snapshots.repositories.compare import in_the_way
from migrator.snapshots.repositories.layout import Layout
from migrator.snapshots.undo_effect import TurnEffect
from migrator.store.turns import redo_snapshot, why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Binding, Change, Place
    from migrator.places import Places
    from migrator.snapshots.carry_decision import CarryDecision
    from migrator.snapshots.repositories.route import SnapshotRoute, SnapshotRoutes
    from migrator.store.reader import Store
    from migrator.store.turns import Turn, UndoRecord


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """The worktree and the snapshot repository on which an undo would act.

    `worktree` is None if opencode can't open the session, whose undo does nothing then; `known` is false if we can't
    tell. `repository` is the git directory with the snapshots; None if git would fail, and then an undo of opencode 1
    deletes every file of the turn. `because` tells a person what is in the way. `place` is what opencode makes of the
    directory, None if it can have no snapshots there.
    """

    worktree: str | None
    repository: str | None = None
    because: str | None = None
    known: bool = True
    place: Place | None = None


class Recovery(NamedTuple):
    """What mends one session: the turns, by the ids of their parts, and the trees to carry for them."""

    route: SnapshotRoute
    parts: frozenset[str]
    trees: tuple[str, ...]


class Recoveries(NamedTuple):
    """`best` has by session what mends it, `unknown` why nobody can tell whether more of it can be mended."""

    best: dict[str, Recovery]
    unknown: dict[str, str]


class Opencode(ABC):
    """A version of opencode, and the file undo of the sessions that it has in one database. Nothing is written."""

    number: ClassVar[int]
    """1 or 2, as `Store.bindings` knows it."""

    session_table: ClassVar[str]
    """The table that has the `revert` marker of a session that is undone now."""

    carries_anywhere: ClassVar[bool]
    """Whether file undo may go along to another checkout; else it does within one only."""

    finder: ClassVar[type[EffectFinder]]
    """The class that finds the effects of an undo, for all sessions in which it acts on one target."""

    def __init__(self, store: Store, places: Places) -> None:
        self.store, self.places, self.layout = store, places, Layout.of(store)
        self._target = cache(self._look_or_tell)

    @abstractmethod
    def records(self, sessions: Iterable[str]) -> Mapping[str, UndoRecord]:
        """Return what an undo in each of these sessions that it has works with: its turns, and the trees they name."""

    def target(self, binding: Binding, marker: str | None = None) -> UndoTarget:
        """Return where an undo would act, in a session with this binding and this `revert` marker."""
        return self._target(binding.directory, binding.workspace_id, bool(redo_snapshot(marker)))

    def _look_or_tell(self, directory: str, workspace_id: str | None, is_undone: bool) -> UndoTarget:
        try:
            return self.look(directory, workspace_id, is_undone)
        except MigratorError as error:
            return UndoTarget(None, because=str(error).rstrip("."), known=False)

    @abstractmethod
    def look(self, directory: str, workspace_id: str | None, is_undone: bool) -> UndoTarget:
        """Return where an undo would act in a session that is there.

        `is_undone`: turns of it are undone now, and a redo has a snapshot to restore.

        Raises MigratorError if nobody can tell.
        """

    def objects_of(self, worktree: str) -> str:
        """Return the git directory that a new snapshot repository for this worktree would borrow objects from."""
        return self.places.checkout(worktree).common or common_directory(worktree)

    def effects(self, sessions: Iterable[str], at: Mapping[str, Binding] | None = None) -> dict[str, list[TurnEffect]]:
        """Map each of these sessions in which an undo acts on files to what it would do to each turn, oldest first.

        `at` is where sessions are to be, if not where they are. Git is run a few times for each snapshot repository,
        whatever the number of sessions.
        """
        with doing("Reading turns"):
            records = {id_: found for id_, found in self.records(sessions).items() if found.turns or found.unreadable}
        by_target: dict[UndoTarget, dict[str, Sequence[Turn]]] = {}
        bound = self.store.bindings(records, self.number)
        for id_, (binding, marker) in counted(bound.items(), "Looking at where sessions are", "sessions"):
            if turns := records[id_].turns:
                target = self.target((at or {}).get(id_, binding), marker)
                by_target.setdefault(target, {})[id_] = turns
        readability, found = Readability(), dict[str, list[TurnEffect]]()
        for target, with_turns in counted(by_target.items(), "Looking at snapshots", "worktrees"):
            found |= self._effects_on(target, with_turns, readability)
        for id_, record in records.items():
            for turn in record.unreadable:
                why = why_unreadable(turn.table, turn.part, id_)
                found.setdefault(id_, []).append(TurnEffect(turn, because=why, known=False, looked=False))
        return found

    def _effects_on(
        self, target: UndoTarget, sessions: Mapping[str, Sequence[Turn]], readability: Readability
    ) -> dict[str, list[TurnEffect]]:
        if target.worktree is not None:
            try:
                finder = self.finder(self.layout, target, sessions, readability)
                return {id_: list(map(finder.find_or_tell, turns)) for id_, turns in sessions.items()}
            except MigratorError as error:
                target = UndoTarget(None, because=str(error).rstrip("."), known=False)
        because, known = target.because, target.known
        return {
            id_: [TurnEffect(turn, because=because, known=known, looked=known) for turn in turns]
            for id_, turns in sessions.items()
        }

    def seen(self, changes: Mapping[str, Change]) -> dict[str, Change]:
        """Return those changes whose session it has, as it sees them; another version has sessions here too."""
        return {id_: changes[id_] for id_ in self.store.bindings(changes, self.number)}

    @abstractmethod
    def decide(self, routes: SnapshotRoutes, changes: Sequence[Change]) -> dict[str, CarryDecision]:
        """Map the session of each change, as it sees that, to what goes along.

        Unless it `carries_anywhere`, each change stays within one checkout.
        """

    def recover(self, effects: Mapping[str, Sequence[TurnEffect]]) -> Recoveries:
        """Return, by session, how the dangerous turns can be mended with trees that lie where opencode doesn't look."""
        del effects
        return Recoveries({}, {})

    def overwritten_by_redo(self, sessions: Iterable[str]) -> dict[str, list[str]]:
        """Map each session in which a redo would overwrite files outside its directory to their full paths, sorted.

        It is empty for an opencode whose `records` have what a redo would restore, as turns.
        """
        del sessions
        return {}

    def earlier_places(self) -> list[Binding]:
        """Return the places where sessions have been, and where it still looks for the trees of their turns."""
        return []


def nearest(directory: str) -> str:
    """Return a directory, or the nearest one above it that exists; "" for what is no path of this system."""
    return next(filter(is_directory, upwards(directory)), "") if is_of_this_system(directory) else ""


KNOWN = frozenset({FileStatus.PRESENT, FileStatus.ABSENT})
"""What git says of a file having seen the trees; anything else may be for want of permission."""


class EffectFinder(ABC):
    """Finds what an undo of each turn of these sessions would do; git is asked about all files at once.

    Raises MigratorError if nobody can tell.
    """

    def __init__(
        self, layout: Layout, target: UndoTarget, sessions: Mapping[str, Sequence[Turn]], readability: Readability
    ) -> None:
        self.layout, self.target, self.sessions = layout, target, sessions
        self.worktree, self.repository = target.worktree or "", target.repository or ""
        self.top = self.worktree.rstrip("/") + "/"
        self.realpath = cache(lambda path: slashed(os.path.realpath(path)))
        self._in_the_way = cache(lambda path: next(in_the_way(self.worktree, path), None))
        turns = self.turns = [*chain.from_iterable(sessions.values())]
        wanted = {(turn.hash, path) for turn in turns for file in turn.files if (path := self.path(file))}
        self.statuses = look_up(self.repository, wanted) if self.repository else {}
        self._why_unreadable = None
        if self.repository and not KNOWN.issuperset(self.statuses.values()):
            answers = FileStatus.DAMAGED not in self.statuses.values()
            self._why_unreadable = readability.why_unreadable(self.repository, git_answers=answers)
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Find out once what the effect of every turn depends on."""

    @abstractmethod
    def path(self, file: str) -> str | None:
        """Return the path below the worktree at which the tree is asked for a file; None if it isn't in there."""

    @abstractmethod
    def find(self, turn: Turn) -> TurnEffect:
        """Return what an undo of a turn would do. Raises MigratorError if nobody can tell."""

    def find_or_tell(self, turn: Turn) -> TurnEffect:
        """Return what an undo of a turn would do, or why that can't be told."""
        try:
            return self.find(turn)
        except MigratorError as error:
            return TurnEffect(turn, because=str(error).rstrip("."), known=False, looked=False)

    def loses_others(self, turn: Turn, path: str) -> bool:
        """Tell whether a file at `path` needs room where there is something that no turn from this one on has made.

        Git removes all that is in the way; but what those turns made an undo takes back anyway.
        """
        if self._in_the_way(path) is None:
            return False
        turns, at = self._position[turn.part]
        made = {self.path(file) for later in turns[at:] for file in later.files}
        return not made.issuperset(in_the_way(self.worktree, path))

    @cached_property
    def _position(self) -> Mapping[str, tuple[Sequence[Turn], int]]:
        """Where each turn is among those of its session."""
        return {turn.part: (turns, at) for turns in self.sessions.values() for at, turn in enumerate(turns)}

    def refuse_unreadable(self, statuses: Iterable[FileStatus | None]) -> None:
        """Raise CantTell if files have such a status, and it may be so because the repository can't be read."""
        if self._why_unreadable is not None and not KNOWN.issuperset(statuses):
            raise CantTell(self._why_unreadable)
