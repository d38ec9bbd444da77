"""What a plan says and does where sessions are opencode 2's, or opencode 2 is there beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.places.opencode_1 import binding_of_opencode_1, place_of_opencode_1
from migrator.store.opencode_2.forks import forks
from migrator.store.opencode_2.staging import bound_elsewhere_in_opencode_1, suspended_sessions, waiting_moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Change, Place
    from migrator.store.reader import Store

_SHOWN = 5


def has_announcements(store: Store, changes: Iterable[Change]) -> bool:
    """Tell whether there is a new directory to tell the model about; opencode 1 never does that."""
    return store.schema.has_v2 and any(change.before.directory != change.after.directory for change in changes)


def rebind_for_opencode_1(
    store: Store, moves: Sequence[Change], places: Mapping[str, Place]
) -> tuple[list[Change], list[str], dict[str, Place]]:
    """Let sessions that only opencode 1 has go where that one would have them.

    Returns the changes, the sessions that are right as they are, and the places that sessions go to, by project.
    """
    old = frozenset(store.never_imported())
    if not old:
        return [*moves], [], {**places}
    changes: list[Change] = []
    right = []
    found: dict[str, Place] = {}
    for change in moves:
        place = places.get(change.after.project_id)
        if change.session not in old or place is None:
            changes.append(change)
            if place is not None:
                found.setdefault(place.project_id, place)
            continue
        after = binding_of_opencode_1(change.after, place.vcs)
        if after == change.before:
            right.append(change.session)
            continue
        changes.append(change._replace(after=after))
        place = place_of_opencode_1(place)
        found.setdefault(place.project_id, place)
    return changes, right, found


def opencode_2_warnings(store: Store, changes: Sequence[Change]) -> Iterator[PlanWarning]:
    """Yield what a person should know of these moves."""
    if not store.schema.has_v2:
        return
    moving = {change.session: change for change in changes if change.moves}
    for id_ in suspended_sessions(store, moving):
        yield PlanWarning(
            "turn-under-way",
            f"{id_} is in the middle of a turn, which opencode 2 goes on with when it starts: it is not moved, and "
            "nothing else is, unless --on-conflict skip leaves its tree out.",
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
            f"opencode 1 has {id_} in {directory}, where opencode 2 has it no more: that row comes along.",
            id_,
        )
    if old := sorted(moving.keys() & frozenset(store.never_imported())):
        what = "1 session was" if len(old) == 1 else f"{len(old):,} sessions were"
        yield PlanWarning(
            "never-imported",
            f"{what} never imported by opencode 2 ({_some(old)}): opencode 1 will find them at their new place, "
            "opencode 2 nowhere, as before.",
        )
    if staying := sorted(forks(store, moving).keys() - moving.keys()):
        what = "1 fork of these sessions stays"
        if len(staying) > 1:
            what = f"{len(staying):,} forks of these sessions stay"
        yield PlanWarning(
            "forks-stay",
            f"{what} ({_some(staying)}); forks are sessions of their own, and --with-forks takes them along.",
        )


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (", ..." if len(ids) > _SHOWN else "")
