"""Warnings of the rows that are left alone since nobody can tell what they mean: see `store/odd_rows.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import PlanWarning
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import Selected
    from migrator.store.reader import Store


def odd_row_warnings(store: Store) -> Iterator[PlanWarning]:
    """Yield a warning if any row is left out of what is read."""
    if odd := {(value.table, value.row) for value in store.odd_values()}:
        rows = count(len(odd), "row")
        left = "is" if len(odd) == 1 else "are"
        yield PlanWarning(
            "odd-rows", f"{rows} {left} left out, which can't be read as opencode writes them; `doctor` names them."
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
            why = f"can't be read ({value.column} {value.why}), so it stays where it is"
            yield PlanWarning("odd-row", f"{id_} is in one tree with {root} and {why}.", id_)
