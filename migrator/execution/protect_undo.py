"""Mending the turns whose undo would delete files, or taking it away from them, judged anew under the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.carry_undo import carry_all
from migrator.model import PlanWarning
from migrator.snapshots.recover import find_recoveries
from migrator.snapshots.undo_effect import UndoEffect, undo_effects
from migrator.store.writer import Edit
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.execution.journal_rows import Carried
    from migrator.model import Change
    from migrator.places import Places
    from migrator.snapshots.route import SnapshotRoute
    from migrator.store.reader import Store


def protect_undo(
    store: Store, places: Places, changes: Iterable[Change], waiting: Callable[[], None] = lambda: None
) -> tuple[list[Edit], list[PlanWarning], list[Carried]]:
    """Bring the snapshots of those changes that move nothing to where opencode looks, where they are somewhere else.

    Return the values that detach the other dangerous turns, what is new since the plan, and between which repositories
    objects were carried. What isn't dangerous, and what is mended, is in no edit, and stays as it is, byte for byte.
    Raises MigratorError, with no row written, where objects can't be carried.
    """
    expected = {change.session: change for change in changes if not change.moves}
    if not expected:
        return [], [], []
    found = undo_effects(store, places, expected)
    mended = find_recoveries(store, places, found) if any(change.turns.mended for change in expected.values()) else {}
    cargo: dict[SnapshotRoute, set[str]] = {}
    for mend in mended.values():
        cargo.setdefault(mend.route, set()).update(mend.trees)
    carried = carry_all(cargo, waiting)
    edits = []
    warnings = []
    for id_, change in expected.items():
        parts = mended[id_].parts if id_ in mended else frozenset()
        dangerous = [turn.turn for turn in found.get(id_, []) if turn.effect is UndoEffect.DELETES]
        detached = [turn for turn in dangerous if turn.part not in parts]
        edits += [Edit("part", "data", turn.part, id_, turn.data, turn.with_files([])) for turn in detached]
        if not dangerous:
            warnings.append(
                PlanWarning("undo-safe", f"An undo in {id_} would delete nothing any more; it was left as it is.", id_)
            )
        elif (fewer := change.turns.mended - len(parts)) > 0:
            what = f"{count(fewer, 'turn')} of {id_} {'was' if fewer == 1 else 'were'} detached, not mended"
            warnings.append(PlanWarning("undo-detached", f"{what}: the snapshots are whole no more.", id_))
    return edits, warnings, carried
