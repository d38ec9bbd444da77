"""Mend or detach the turns whose undo would delete files, which are found again under the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.carry_undo import carry_all, warn_of_detached
from migrator.model import PlanWarning
from migrator.snapshots.recover import find_recoveries
from migrator.snapshots.undo_effect import dangerous_turns, undo_effects
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.execution.journal_rows import Carried
    from migrator.model import Change
    from migrator.places import Places
    from migrator.store.reader import Store


def protect_undo(
    store: Store, places: Places, changes: Iterable[Change], between_steps: Callable[[], None] = lambda: None
) -> tuple[list[Edit], list[PlanWarning], list[Carried]]:
    """Bring the snapshots of the changes that move nothing to where opencode looks, if they are somewhere else.

    Returns the edits that detach the other dangerous turns, warnings of what is new since the plan, and between which
    repositories objects were carried. Turns that are mended, or not dangerous, are in no edit, and stay byte for byte.
    Raises MigratorError, with no row written, if objects can't be carried.
    """
    expected = {change.session: change for change in changes if not change.moves}
    if not expected:
        return [], [], []
    effects = undo_effects(store, places, expected)
    recoveries = find_recoveries(store, places, effects) if any(c.turns.mended for c in expected.values()) else {}
    carried = carry_all(((recovery.route, recovery.trees) for recovery in recoveries.values()), between_steps)
    edits = []
    warnings = []
    for id_, change in expected.items():
        mended = recoveries[id_].parts if id_ in recoveries else frozenset()
        dangerous = [effect.turn for effect in dangerous_turns(effects.get(id_, ()))]
        detached = [turn for turn in dangerous if turn.part not in mended]
        edits += [Edit("part", "data", turn.part, id_, turn.data, turn.with_files([])) for turn in detached]
        if not dangerous:
            warnings.append(
                PlanWarning("undo-safe", f"An undo in {id_} would delete nothing any more; it was left as it is.", id_)
            )
        elif (fewer := change.turns.mended - len(mended)) > 0:
            warnings.append(warn_of_detached(id_, fewer, "mended: the snapshots are not whole any more"))
    return edits, warnings, carried
