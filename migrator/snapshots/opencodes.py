"""Ask each version of opencode that has sessions in a database, and put the answers together.

Nobody else asks which versions there are. A session may be in both opencode 1 and 2, each with turns of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.snapshots.carry_decision import CarryDecision
from migrator.snapshots.contract import Recoveries
from migrator.snapshots.opencode_1.answers import Opencode1
from migrator.snapshots.opencode_2.answers import Opencode2
from migrator.snapshots.repositories.route import SnapshotRoutes
from migrator.snapshots.undo_effect import TurnEffect

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.snapshots.contract import Opencode
    from migrator.store.reader import Store

_ELSEWHERE = "where opencode 2 has sessions, it is carried within one checkout only"


def opencodes(store: Store, places: Places) -> tuple[Opencode, ...]:
    """Return each version of opencode that has tables in a database, the oldest first."""
    has = {Opencode1: store.schema.has_v1, Opencode2: store.schema.has_v2}
    return tuple(opencode(store, places) for opencode, is_there in has.items() if is_there)


def undo_effects(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions that has file undo to its turns, oldest first, those of opencode 1 before others."""
    wanted, found = list(sessions), dict[str, list[TurnEffect]]()
    for opencode in opencodes(store, places):
        for id_, effects in opencode.effects(wanted).items():
            found.setdefault(id_, []).extend(effects)
    return found


def find_recoveries(store: Store, places: Places, effects: Mapping[str, Sequence[TurnEffect]]) -> Recoveries:
    """Return for the sessions with dangerous turns the best way to mend them."""
    found = Recoveries({}, {})
    for opencode in opencodes(store, places):
        best, unknown = opencode.recover(effects)
        found.best.update(best)
        found.unknown.update(unknown)
    return found


def overwritten_by_redo(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[str]]:
    """Map each session in which a redo would overwrite files outside its directory to their full paths, sorted."""
    wanted = list(sessions)
    return {id_: files for each in opencodes(store, places) for id_, files in each.overwritten_by_redo(wanted).items()}


def carry_decisions(
    store: Store,
    places: Places,
    changes: Sequence[Change],
    relocated: FolderMoves | None = None,
    into: Store | None = None,
) -> dict[str, CarryDecision]:
    """Map the session of each change, which has file undo, to the decision; `relocated` are folders that are followed.

    File undo of a session that only opencode 1 has may be carried to any checkout in which that finds it. `into` is
    another database, if the sessions come into that.
    """
    routes, everyone = SnapshotRoutes(store, places, relocated, into), opencodes(store, places)
    every = {change.session: change for change in changes}
    seen = [(opencode, opencode.seen(every) if len(everyone) > 1 else every) for opencode in everyone]
    number = Counter(id_ for _, own in seen for id_ in own)
    shared = {id_ for id_, halves in number.items() if halves > 1}
    decided = [(opencode, _half(opencode, routes, own, shared)) for opencode, own in seen]
    # Where one opencode's turns were counted, so are those that another loses.
    counted = {id_ for _, half in decided for id_, decision in half.items() if decision.detached is not None}
    found: dict[str, CarryDecision] = {}
    for opencode, half in decided:
        lost = {id_ for id_ in counted & half.keys() if half[id_].detached is None and not half[id_].unknown}
        records = opencode.records(lost) if lost else {}
        for id_, decision in half.items():
            whole = decision.counted(len(records[id_].turns)) if id_ in lost else decision
            found[id_] = found[id_].joined(whole) if id_ in found else whole
    return {id_: found.get(id_) or CarryDecision(None, because=_ELSEWHERE) for id_ in every}


def _half(
    opencode: Opencode, routes: SnapshotRoutes, changes: Mapping[str, Change], shared: Collection[str]
) -> dict[str, CarryDecision]:
    """Decide for what one opencode has of these sessions; what another has too (`shared`) stays in one checkout."""
    found: dict[str, CarryDecision] = {}
    for id_, change in changes.items():
        try:
            if (id_ in shared or not opencode.carries_anywhere) and not routes.is_within_checkout(change):
                found[id_] = CarryDecision(None, because=_ELSEWHERE)
        except MigratorError as error:
            found[id_] = CarryDecision(None, because=str(error).rstrip("."), unknown=str(error))
    return found | opencode.decide(routes, [change for id_, change in changes.items() if id_ not in found])
