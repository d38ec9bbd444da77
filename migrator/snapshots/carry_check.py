"""Which turns keep their file undo on a move: those that would do in the target what they did in the source.

Turn by turn: a turn is carried if both worktrees are checkouts of one repository, every snapshot that its undo reads is
whole, and every file it names is the same in both worktrees now, or missing from both. Any doubt detaches it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrator.snapshots.compare import is_below, same_as_snapshot, same_in_both
from migrator.snapshots.git import GitFailed
from migrator.snapshots.pathspecs import names_others
from migrator.snapshots.route import SnapshotRoute, SnapshotRoutes
from migrator.snapshots.trees import Trees, whole
from migrator.store.turns import undo_records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.store.reader import Store
    from migrator.store.turns import Turn


_QUOTED = "opencode's undo of several files deletes those with other letters than ASCII in their names"
_PRUNED = "a snapshot is gone, as opencode deletes old ones"


@dataclass(frozen=True, slots=True)
class CarryDecision:
    """What becomes of the file undo of one session.

    `trees` are all snapshots that go along, `carried` the turns that stay, `detached` how many don't: None where none
    can stay, and nobody has counted. `keeps_revert` tells whether the marker of a reverted session stays as it is.
    `because` says why turns are detached, where some are.
    """

    passage: SnapshotRoute | None
    carried: tuple[Turn, ...] = ()
    detached: int | None = None
    trees: tuple[str, ...] = ()
    keeps_revert: bool = False
    because: str | None = None


class CarryChecker:
    """Judges moves of one store; asks git a handful of questions for each pair of worktrees, never for each session."""

    def __init__(self, store: Store, places: Places, relocated: FolderMoves | None = None) -> None:
        self._store = store
        self._passages = SnapshotRoutes(store, places, relocated)

    def verdicts(self, changes: Iterable[Change]) -> dict[str, CarryDecision]:
        """Map each of these sessions, which have file undo, to what becomes of it."""
        by_passage: dict[SnapshotRoute | str, list[str]] = {}
        for change in changes:
            passage = self._passages.find(change.before, change.after)
            by_passage.setdefault(passage, []).append(change.session)
        ways = {passage: ids for passage, ids in by_passage.items() if not isinstance(passage, str)}
        found = {
            id_: CarryDecision(None, because=passage)
            for passage, ids in by_passage.items()
            if isinstance(passage, str)
            for id_ in ids
        }
        return found | self.judged(ways)

    def judged(self, ways: Mapping[SnapshotRoute, Sequence[str]]) -> dict[str, CarryDecision]:
        """Map each of these sessions to what becomes of it on its way."""
        found: dict[str, CarryDecision] = {}
        going = [id_ for ids in ways.values() for id_ in ids]
        records = undo_records(self._store, going)
        reverts = {id_: marker for id_, (_, marker) in self._store.bindings(going).items() if marker}
        for passage, ids in ways.items():
            cases = [_Case(id_, *records[id_], reverts.get(id_)) for id_ in ids]
            try:
                found |= _judged(passage, cases)
            except GitFailed as error:
                found |= {id_: CarryDecision(None, because=str(error).rstrip(".")) for id_ in ids}
        return found


class _Case(NamedTuple):
    session: str
    turns: Sequence[Turn]
    trees: Sequence[str]
    revert: str | None

    @property
    def reverted_from(self) -> str | None:
        """The tree that a redo would restore, whole."""
        try:
            tree = json.loads(self.revert or "{}").get("snapshot")
        except (ValueError, AttributeError):
            return None
        return tree if isinstance(tree, str) else None


def _judged(passage: SnapshotRoute, cases: Sequence[_Case]) -> dict[str, CarryDecision]:
    borrowed = passage.environment
    named = {tree for case in cases for tree in (*case.trees, *(turn.hash for turn in case.turns))}
    named |= {tree for case in cases if (tree := case.reverted_from)}
    intact = whole(passage.source, named, borrowed)
    with Trees(passage.source, borrowed) as trees:
        same = _Sameness(passage, trees, cases, intact)
        return {case.session: _verdict(passage, case, intact, same) for case in cases}


def _verdict(passage: SnapshotRoute, case: _Case, intact: Collection[str], same: _Sameness) -> CarryDecision:
    tree = case.reverted_from
    if tree is not None and not (tree in intact and same.throughout(case, tree)):
        because = "it is reverted, and a redo would restore the whole worktree as it was then"
        return CarryDecision(passage, detached=len(case.turns), because=because)
    overlooked = _Overlooked(passage.source_worktree, case)
    carried: list[Turn] = []
    why: dict[str, None] = {}
    for turn in case.turns:
        obstacle = _PRUNED if turn.hash not in intact else overlooked(turn) or same.obstacle(case, turn)
        if obstacle is None:
            carried.append(turn)
        else:
            why[obstacle] = None
    needed = {turn.hash for turn in carried} | ({tree} if tree else set())
    return CarryDecision(
        passage,
        tuple(carried),
        len(case.turns) - len(carried),
        tuple(sorted(needed | {other for other in case.trees if other in intact})) if needed else (),
        keeps_revert=tree is not None,
        because="; ".join(why) or None,
    )


class _Overlooked:
    """Tells turns whose undo deletes files even where they are: names that git quotes, in a batch of several files.

    opencode 1.18.34 takes such a name for missing from the snapshot. A turn that goes along must be none of these.
    """

    def __init__(self, worktree: str, case: _Case) -> None:
        self._worktree = worktree
        self._batches = Counter(turn.hash for turn in case.turns for _ in turn.files)

    def __call__(self, turn: Turn) -> str | None:
        paths = (is_below(self._worktree, file) or "" for file in turn.files)
        quoted = self._batches[turn.hash] > 1 and not all(map(str.isascii, paths))
        return _QUOTED if quoted else None


_Asked = tuple[str | None, str]
"""The tree that stands in for the source, None where the source is there, and the path of a file."""


class _Sameness:
    """Which files of these sessions are the same in both worktrees, all asked at once.

    Where a worktree is gone, the last snapshot of each session says how it was. Where it is the same one, every file
    is: the undo does there what it did before, to whatever.
    """

    def __init__(self, passage: SnapshotRoute, trees: Trees, cases: Sequence[_Case], intact: Collection[str]) -> None:
        self._passage = passage
        self._trees = trees
        self._stays = passage.stays
        self._gone = passage.source_gone
        self._intact = intact
        self._same: set[_Asked] = set()
        if not self._stays:
            self._same = self._ask({asked for case in cases for asked in self._concerned(case)})

    def obstacle(self, case: _Case, turn: Turn) -> str | None:
        """Return why a turn can't go along, None where each of its files is the same and no other is concerned."""
        source, target = self._passage.source_worktree, self._passage.target_now
        if self._stays:
            return None
        paths = [is_below(source, file) for file in turn.files]
        if any(path is None or names_others(self._trees, turn.hash, path) for path in paths):
            return "a file's name is one that opencode's undo takes for another"
        if any((self._last(case), path) not in self._same for path in paths):
            before = "the last snapshot" if self._gone else source
            return f"files of a turn differ between {before} and {target}"
        return None

    def throughout(self, case: _Case, tree: str) -> bool:
        """Tell whether every file of a tree is the same: that is what a redo of a reverted session writes."""
        return self._stays or all((self._last(case), path) in self._same for path, _ in self._trees.files(tree))

    def _concerned(self, case: _Case) -> Iterator[_Asked]:
        last = self._last(case)
        for turn in case.turns:
            for file in turn.files:
                if path := is_below(self._passage.source_worktree, file):
                    yield last, path
        if (tree := case.reverted_from) in self._intact:
            yield from ((last, path) for path, _ in self._trees.files(str(tree)))

    def _last(self, case: _Case) -> str | None:
        """Return the tree that stands in for a worktree that is gone; None where it is there, or there is no tree."""
        if not self._gone:
            return None
        return next((tree for tree in reversed(case.trees) if tree in self._intact), None)

    def _ask(self, wanted: Collection[_Asked]) -> set[_Asked]:
        source, target = self._passage.source_worktree, self._passage.target_now
        if not self._gone:
            return {(None, path) for path in same_in_both(source, target, {path for _, path in wanted})}
        known = {(tree, path) for tree, path in wanted if tree is not None}
        return set(same_as_snapshot(self._trees, self._passage.source, target, known))


def rewrite_patch(verdict: CarryDecision) -> Mapping[str, str]:
    """Map each carried part to its data with the files where they are now: worktree to worktree.

    The paths in a snapshot are relative to the worktree, so the session's own directory doesn't count.
    """
    passage = verdict.passage
    if passage is None or passage.source_worktree == passage.target_worktree:
        return {turn.part: turn.data for turn in verdict.carried}
    top = passage.target_worktree.rstrip("/")
    found = {}
    for turn in verdict.carried:
        files = [f"{top}/{is_below(passage.source_worktree, file)}" for file in turn.files]
        found[turn.part] = turn.with_files(files)
    return found
