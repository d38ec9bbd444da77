"""Taking file undo away from the turns whose undo would delete files, judged anew under the lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.snapshots.outlook import Outlook, outlooks
from migrator.store.writing import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Change
    from migrator.places import Places
    from migrator.store.reading import Store
    from migrator.store.turns import Turn


def protect_undo(store: Store, places: Places, changes: Iterable[Change]) -> tuple[list[Edit], list[PlanWarning]]:
    """Return the values that detach the dangerous turns of those changes that move nothing, and what is new since.

    Whatever isn't dangerous is in no edit, and stays as it is, byte for byte.
    """
    expected = {change.session: change for change in changes if not change.moves}
    if not expected:
        return [], []
    found = outlooks(store, places, expected)
    edits = []
    warnings = []
    for id_ in expected:
        dangerous = [turn.turn for turn in found.get(id_, []) if turn.outlook is Outlook.DELETES]
        edits += [Edit("part", "data", turn.part, id_, turn.data, emptied(turn)) for turn in dangerous]
        if not dangerous:
            warnings.append(
                PlanWarning("undo-safe", f"An undo in {id_} would delete nothing any more; it was left as it is.", id_)
            )
    return edits, warnings


def emptied(turn: Turn) -> str:
    """Return the data of a turn without its files, as JSON.stringify writes it."""
    value = json.loads(turn.data) | {"files": []}
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
