"""Snapshots that opencode doesn't find any more though they are there: they can be brought to where it looks.

When a repository gets an origin, opencode 1.15.13 to 1.18.34 gives its sessions another project id and leaves their
snapshots under the old one; an opencode before 1.14 kept those of all worktrees in one place, where a newer one doesn't
look. An undo of such a turn deletes its files, in place.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError
from migrator.snapshots.carry_check import CarryChecker
from migrator.snapshots.route import SnapshotRoutes
from migrator.snapshots.undo_effect import UndoEffect
from migrator.snapshots.undo_target import UndoTargets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from migrator.model import Place
    from migrator.places import Places
    from migrator.snapshots.carry_check import CarryDecision
    from migrator.snapshots.route import SnapshotRoute
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.reader import Store


class Recovery(NamedTuple):
    """What mends one session: the turns, by the ids of their parts, and the trees that they need."""

    passage: SnapshotRoute
    parts: frozenset[str]
    trees: tuple[str, ...]


def find_recoveries(store: Store, places: Places, found: Mapping[str, Sequence[TurnEffect]]) -> dict[str, Recovery]:
    """Map those sessions to what mends them of whose dangerous turns some can be; nothing is written.

    A turn can be if its snapshot is whole in another repository of the same worktree: the worktree is then what it was,
    or, where it isn't known to be the same repository, each file of the turn is what the last snapshot has.
    """
    dangerous = {
        id_: frozenset(turn.turn.part for turn in turns if turn.outlook is UndoEffect.DELETES)
        for id_, turns in found.items()
    }
    dangerous = {id_: parts for id_, parts in dangerous.items() if parts}
    judge, best = CarryChecker(store, places), dict[str, Recovery]()
    for passage, ids in _ways(store, places, dangerous).items():
        for id_, verdict in judge.judged({passage: ids}).items():
            mend = _mend(passage, verdict, dangerous[id_])
            if len(mend.parts) > len(best[id_].parts if id_ in best else ()):
                best[id_] = mend
    return best


def _ways(store: Store, places: Places, ids: Iterable[str]) -> dict[SnapshotRoute, list[str]]:
    """Map each passage from another repository of a worktree to the sessions that are in it."""
    instances, passages = UndoTargets(store, places), SnapshotRoutes(store, places)
    ways: dict[SnapshotRoute, list[str]] = {}
    for id_, (binding, _) in store.bindings(ids).items():
        place = instances.find(binding, redoable=False).place
        if place is None or place.vcs != "git" or binding.workspace_id is not None:
            continue
        for passage in _from_elsewhere(instances, passages, place):
            ways.setdefault(passage, []).append(id_)
    return ways


def _from_elsewhere(instances: UndoTargets, passages: SnapshotRoutes, place: Place) -> Iterator[SnapshotRoute]:
    with suppress(MigratorError):  # git can't say what the worktree is of
        for project_id, git_dir in instances.layout.others(place.project_id, place.worktree):
            # That of a whole project has other worktrees' snapshots as well: it must be this one's project.
            if Path(git_dir).name != project_id or passages.was(project_id, place):
                yield passages.within(git_dir, project_id, place)


def _mend(passage: SnapshotRoute, verdict: CarryDecision, dangerous: Collection[str]) -> Recovery:
    parts = frozenset(turn.part for turn in verdict.carried if turn.part in dangerous)
    return Recovery(passage, parts, verdict.trees)
