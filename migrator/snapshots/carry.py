"""Decide what file undo goes along with moves, in each opencode that has the sessions.

In opencode 2 it goes along within one checkout: its names are relative to the worktree, and its snapshots are kept by
project and worktree, so that nothing needs to change; opencode 2's own move keeps it so (seen with V2 code). Only what
was proven to have been made there is kept. To another checkout none goes along: an undo there would fail, or take files
of the destination for files of the turn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.paths import checkout_root
from migrator.places.opencode_1 import binding_of_opencode_1
from migrator.snapshots.carry_check import CarryChecker, CarryDecision
from migrator.snapshots.opencode_2 import undo_effects_of_2
from migrator.snapshots.route import SnapshotRoutes
from migrator.store.opencode_2.turns import records_of_2
from migrator.store.turns import undo_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import Binding, Change, FolderMoves
    from migrator.places import Places
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.opencode_2.turns import RecordOf2
    from migrator.store.reader import Store
    from migrator.store.turns import UndoRecord

_ELSEWHERE = "where opencode 2 has sessions, it is carried within one checkout only"


def carry_decisions(
    store: Store,
    places: Places,
    changes: Sequence[Change],
    relocated: FolderMoves | None = None,
    into: Store | None = None,
) -> dict[str, CarryDecision]:
    """Map the session of each change, which has file undo, to the decision; `relocated` are folders that are followed.

    Of a session that only opencode 1 has, it goes along wherever that finds it. `into` is another database, if the
    sessions come into that.
    """
    checker = CarryChecker(store, places, relocated, into)
    if not store.schema.has_v2:
        return checker.check(changes)
    ids = [change.session for change in changes]
    in_1, in_2 = store.bindings(ids, 1), store.bindings(ids, 2)
    vcs = {project.id: project.vcs for project in store.projects()}
    routes = SnapshotRoutes(store, places, relocated, into)
    found: dict[str, CarryDecision] = {}
    of_1: dict[str, Change] = {}
    of_2: dict[str, Binding] = {}
    for change in changes:
        id_, after = change.session, change.after
        there = binding_of_opencode_1(after, vcs.get(after.project_id, "git"))
        half = change._replace(before=in_1[id_][0], after=there) if id_ in in_1 else None
        try:
            if half and (id_ not in in_2 or _is_same_checkout(routes, half)):
                of_1[id_] = half
            if id_ in in_2 and _is_same_checkout(routes, change):
                of_2[id_] = _top(after)
        except MigratorError as error:
            found[id_] = CarryDecision(None, because=str(error).rstrip("."), unknown=str(error))
    elsewhere = {*ids}.difference(of_1, of_2, found)
    found |= {id_: CarryDecision(None, because=_ELSEWHERE) for id_ in elsewhere}
    halves = checker.check(of_1.values())
    effects = undo_effects_of_2(store, places, of_2, of_2)
    left_1 = undo_records(store, (of_2.keys() & in_1.keys()) - of_1.keys())
    left_2 = records_of_2(store, (of_1.keys() & in_2.keys()) - of_2.keys())
    for id_ in {*ids}.difference(found):
        half_1 = halves.get(id_) or _left(CarryDecision(None, detached=0), left_1.get(id_))
        if id_ in of_1 and half_1.route is None:
            found[id_] = half_1
        elif id_ in of_2:
            found[id_] = _with_opencode_2(half_1, effects.get(id_, ()), is_undone=in_2[id_][1] is not None)
        else:
            found[id_] = _left(half_1, left_2.get(id_))
    return found


def _top(binding: Binding) -> Binding:
    """Return the top of a binding's checkout, which an undo asks for: a directory in it may move there only later."""
    top = checkout_root(binding.directory, binding.path) or binding.directory
    return binding._replace(directory=top, path="")


def _left(half: CarryDecision, other: UndoRecord | RecordOf2 | None) -> CarryDecision:
    """Return the decision for a session of which the other opencode's half, if it has one, leaves its checkout."""
    number = len(other.turns) if other else 0
    because = "; ".join(filter(None, (half.because, _ELSEWHERE if number else None))) or None
    return replace(half, detached=(half.detached or 0) + number, because=because)


def _is_same_checkout(routes: SnapshotRoutes, change: Change) -> bool:
    """Tell whether a change leaves project and worktree as they are. Raises MigratorError if nobody can tell."""
    before = routes.git_dir(change.before) if change.before.workspace_id is None and routes.share_place else None
    return before is not None and before == routes.git_dir(change.after)


def _with_opencode_2(first: CarryDecision, effects: Iterable[TurnEffect], *, is_undone: bool) -> CarryDecision:
    """Return the decision for a session of which `first` is opencode 1's half, and `effects` are the turns in 2."""
    every = list(effects)
    lost = [effect for effect in every if effect.because or not effect.known]
    turns, undone = ([each for each in every if (each.turn.table == "session_v2") is which] for which in (False, True))
    kept = tuple(effect.turn for effect in turns if effect not in lost)
    return replace(
        first,
        carried=(*first.carried, *kept),
        detached=(first.detached or 0) + len(turns) - len(kept),
        because="; ".join(dict.fromkeys(filter(None, (first.because, *(effect.because for effect in lost))))) or None,
        unknown=first.unknown or next((effect.because for effect in every if not effect.looked), None),
        keeps_revert_of_2=is_undone and not any(effect in lost for effect in undone),
    )
