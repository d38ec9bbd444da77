"""What a plan does and warns about in databases of opencode 2, with or without sessions that only opencode 1 has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.paths import checkout_root
from migrator.places.opencode_1 import binding_of_opencode_1, place_of_opencode_1
from migrator.store.opencode_2.staging import (
    TURN_FIRST,
    bound_elsewhere_in_opencode_1,
    suspended_sessions,
    waiting_moves,
)
from migrator.text import count, first_few

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from migrator.model import Change, Place
    from migrator.store.reader import Store

_SHOWN = 5


def rebind_for_opencode_1(
    store: Store, moves: Sequence[Change], places: Mapping[str, Place]
) -> tuple[list[Change], list[str], dict[str, Place]]:
    """Bind the sessions that only opencode 1 has as opencode 1 would.

    Returns the changes, the ids of the sessions that have their new binding already, and the places to go to, by
    project.
    """
    only_in_1 = frozenset(store.never_imported())
    if not only_in_1:
        return [*moves], [], {**places}
    changes: list[Change] = []
    already_there = []
    used: dict[str, Place] = {}
    for move in moves:
        change, place = move, places.get(move.after.project_id)
        if place is not None and change.session in only_in_1:
            change = change._replace(after=binding_of_opencode_1(change.after, place.vcs))
            place = place_of_opencode_1(place)
        if not change.moves:
            already_there.append(change.session)
            continue
        changes.append(change)
        if place is not None:
            used.setdefault(place.project_id, place)
    return changes, already_there, used


def opencode_2_warnings(store: Store, changes: Sequence[Change], *, announce: bool) -> Iterator[PlanWarning]:
    """Yield what a person should know before sessions move in a database of opencode 2. `announce`: as in the plan."""
    if not store.schema.has_v2:
        return
    moving = {change.session: change for change in changes if change.moves}
    for id_ in suspended_sessions(store, moving):
        yield PlanWarning(
            "turn-under-way",
            f"opencode 2 has {id_} in the middle of a turn, so nothing will be moved. {TURN_FIRST}.",
            id_,
        )
    for id_, directory in waiting_moves(store, moving):
        yield PlanWarning(
            "queued-move",
            f"opencode 2 has a move of {id_} to {directory} waiting, which would override this one: it is taken out.",
            id_,
        )
    for id_, directory in bound_elsewhere_in_opencode_1(store, moving):
        yield PlanWarning(
            "elsewhere-in-opencode-1",
            f"opencode 1 still has {id_} in {directory}, unlike opencode 2; its row is moved too.",
            id_,
        )
    only_in_1 = sorted(moving.keys() & frozenset(store.never_imported()))
    silent = {id_ for id_, change in moving.items() if _leaves_its_snapshots(change)}
    if not announce and (silent := silent.difference(only_in_1)):
        yield PlanWarning(
            "not-announced",
            "With --no-announce, opencode 2 will show no changes of any earlier turn in "
            f"{count(len(silent), 'session')} (its answer is HTTP 500); its model is told of the new directory at the "
            "next turn all the same.",
        )
    if only_in_1:
        yield PlanWarning(
            "never-imported",
            f"{count(len(only_in_1), 'session was', 'sessions were')} never imported by opencode 2 "
            f"({first_few(only_in_1, _SHOWN)}): opencode 1 will find them at their new place, opencode 2 nowhere, as "
            "before.",
        )
    if staying := sorted(store.forks(moving).keys() - moving.keys()):
        what = count(len(staying), "fork of these sessions stays", "forks of these sessions stay")
        yield PlanWarning(
            "forks-stay",
            f"{what} ({first_few(staying, _SHOWN)}); forks are sessions of their own, and --with-forks takes them "
            "along.",
        )


def _leaves_its_snapshots(change: Change) -> bool:
    """Tell whether a move goes to another project or worktree, by which opencode 2 keeps its snapshots."""
    roots = {checkout_root(binding.directory, binding.path) for binding in (change.before, change.after)}
    return len(roots) > 1 or change.before.project_id != change.after.project_id
