"""Which turns keep their file undo on a move: those that would do in the target what they did in the source.

Turn by turn: a turn is carried if both worktrees are checkouts of one repository, every snapshot that its undo reads is
whole, and every file it names is the same in both worktrees now, or missing from both. Any doubt detaches it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.snapshots.passages import Passage, Passages
from migrator.snapshots.plumbing import borrowing, run, whole
from migrator.snapshots.sameness import below, same_as_snapshot, same_in_both
from migrator.store.turns import Turn, snapshots, turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Change
    from migrator.places import Places
    from migrator.store.reading import Store


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the file undo of one session.

    `trees` are all snapshots that go along, `carried` the turns that stay, `keeps_revert` whether the marker of a
    reverted session stays as it is. `because` says why turns are detached, where some are.
    """

    passage: Passage | None
    carried: tuple[Turn, ...] = ()
    detached: int = 0
    trees: tuple[str, ...] = ()
    keeps_revert: bool = False
    because: str | None = None


class Judge:
    """Judges moves of one store; asks git a handful of questions for each pair of worktrees, never for each session."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._passages = Passages(store, places)

    def verdicts(self, changes: Iterable[Change]) -> dict[str, Verdict]:
        """Map each session that moves and has file undo to what becomes of it."""
        moving = {change.session: change for change in changes}
        with_turns = turns(self._store, moving)
        reverts = {id_: marker for id_, (_, marker) in self._store.bindings(moving).items() if marker}
        concerned = sorted(with_turns.keys() | reverts.keys())
        trees = snapshots(self._store, concerned)
        by_passage: dict[Passage | str, list[_Case]] = {}
        for id_ in concerned:
            passage = self._passages.find(moving[id_].before, moving[id_].after)
            case = _Case(id_, with_turns.get(id_, []), trees.get(id_, []), reverts.get(id_))
            by_passage.setdefault(passage, []).append(case)
        found: dict[str, Verdict] = {}
        for passage, cases in by_passage.items():
            if isinstance(passage, str):
                found |= {case.session: Verdict(None, detached=len(case.turns), because=passage) for case in cases}
            else:
                found |= _judged(passage, cases)
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


def _judged(passage: Passage, cases: Sequence[_Case]) -> dict[str, Verdict]:
    named = {tree for case in cases for tree in (*case.trees, *(turn.hash for turn in case.turns))}
    named |= {tree for case in cases if (tree := case.reverted_from)}
    intact = whole(passage.source, named, borrowing(passage.objects))
    same = _Sameness(passage, cases, intact)
    return {case.session: _verdict(passage, case, intact, same) for case in cases}


def _verdict(passage: Passage, case: _Case, intact: Collection[str], same: _Sameness) -> Verdict:
    tree = case.reverted_from
    if case.revert is not None and tree is not None and not (tree in intact and same.throughout(case, tree)):
        because = "it is reverted, and a redo would restore the whole worktree"
        return Verdict(passage, detached=len(case.turns), because=because)
    carried: list[Turn] = []
    why: str | None = None
    for turn in case.turns:
        if turn.hash not in intact:
            why = why or "opencode has pruned a snapshot"
        elif not same.all(case, turn):
            why = why or f"files of a turn differ between {passage.source_worktree} and {passage.target_worktree}"
        else:
            carried.append(turn)
    trees = {turn.hash for turn in carried} | (set(case.trees) & set(intact)) | ({tree} if tree else set())
    return Verdict(
        passage,
        tuple(carried),
        len(case.turns) - len(carried),
        tuple(sorted(trees)) if carried or tree else (),
        keeps_revert=tree is not None,
        because=why,
    )


class _Sameness:
    """Which files of these sessions are the same in both worktrees, all asked at once."""

    def __init__(self, passage: Passage, cases: Sequence[_Case], intact: Collection[str]) -> None:
        self._passage = passage
        self._gone = not Path(passage.source_worktree).is_dir()
        self._intact = intact
        paths = {
            (self._last(case), path)
            for case in cases
            for turn in case.turns
            for file in turn.files
            if (path := below(passage.source_worktree, file))
        }
        self._same = self._ask(paths)

    def all(self, case: _Case, turn: Turn) -> bool:
        """Tell whether every file of a turn is the same."""
        paths = [below(self._passage.source_worktree, file) for file in turn.files]
        return all(path is not None and (self._last(case), path) in self._same for path in paths)

    def throughout(self, case: _Case, tree: str) -> bool:
        """Tell whether every file of a tree is the same: that is what a redo of a reverted session writes."""
        words = ("ls-tree", "-r", "-z", "--name-only", tree)
        listed = os.fsdecode(run(self._passage.source, *words, extra=borrowing(self._passage.objects)))
        wanted = {(self._last(case), path) for path in listed.split("\0") if path}
        return wanted <= self._ask(wanted)

    def _last(self, case: _Case) -> str | None:
        """Return the tree that stands in for a worktree that is gone; None where it is there, or there is no tree."""
        if not self._gone:
            return None
        return next((tree for tree in reversed(case.trees) if tree in self._intact), None)

    def _ask(self, wanted: Collection[tuple[str | None, str]]) -> set[tuple[str | None, str]]:
        if not self._gone:
            same = same_in_both(
                self._passage.source_worktree, self._passage.target_worktree, {path for _, path in wanted}
            )
            return {(None, path) for path in same}
        known = {(tree, path) for tree, path in wanted if tree is not None}
        return set(same_as_snapshot(self._passage, known))


def rewritten(verdict: Verdict) -> Mapping[str, str]:
    """Map each carried part to its data with the files where they are now: worktree to worktree.

    The paths in a snapshot are relative to the worktree, so the session's own directory doesn't count.
    """
    assert verdict.passage is not None or not verdict.carried  # noqa: S101 - for the type checker
    found = {}
    for turn in verdict.carried:
        passage = verdict.passage
        if passage is None or passage.source_worktree == passage.target_worktree:
            found[turn.part] = turn.data
            continue
        top = passage.target_worktree.rstrip("/")
        value = json.loads(turn.data)
        value["files"] = [f"{top}/{below(passage.source_worktree, file)}" for file in turn.files]
        found[turn.part] = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return found
