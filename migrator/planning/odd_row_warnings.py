"""Warnings of odd rows, which are left alone: see `store/odd_rows.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import ODD_ROWS, PlanWarning
from migrator.text import agree, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import Selected
    from migrator.store.reader import Store


def odd_row_warnings(store: Store) -> Iterator[PlanWarning]:
    """Yield a warning if any row is left out of what is read."""
    if odd := {(value.table, value.row) for value in store.odd_values()}:
        left_out = f"{count(len(odd), 'odd row')} {agree(len(odd), 'is')} left out"
        yield PlanWarning(
            ODD_ROWS,
            f"{left_out}, with values that opencode never writes; `opencode-migrator doctor` names them.",
        )


def odd_relative_warnings(store: Store, selected: Iterable[Selected]) -> Iterator[PlanWarning]:
    """Yield a warning for each session that is left out though its parent, or a child of its, is selected."""
    if not (odd := store.odd_sessions()):
        return
    parents = store.parents_of_odd(odd)
    roots = {entry.session.id: entry.root for entry in selected}
    above = {entry.session.parent_id: entry.root for entry in selected if entry.session.parent_id in odd}
    for id_, value in odd.items():
        root = roots.get(parents.get(id_, "")) or above.get(id_)
        if root is not None:
            why = f"its row can't be read ({value.column} {value.why})"
            yield PlanWarning("odd-row", f"{id_}, below {root}, stays where it is: {why}.", id_)
