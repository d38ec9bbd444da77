"""Tell what an undo would do to files, in each opencode that has the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.snapshots.undo_effect import undo_effects_of_1

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.places import Places
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.reader import Store


def undo_effects(store: Store, places: Places, sessions: Iterable[str]) -> dict[str, list[TurnEffect]]:
    """Map each of these sessions that has file undo to its turns, oldest first, those of opencode 1 before others."""
    wanted = list(sessions)
    found = undo_effects_of_1(store, places, wanted)
    if store.schema.has_v2:
        from migrator.snapshots.opencode_2 import undo_effects_of_2

        for id_, effects in undo_effects_of_2(store, places, wanted).items():
            found.setdefault(id_, []).extend(effects)
    return found
