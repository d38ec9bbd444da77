"""Bringing file undo along: the objects first, all of them verified, before the first row is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import PlanWarning, Undo
from migrator.snapshots.judging import Judge, rewritten
from migrator.snapshots.transfer import carry
from migrator.store.writing import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.model import Change
    from migrator.places import Places
    from migrator.snapshots.passages import Passage
    from migrator.store.reading import Store


def carry_undo(
    store: Store, places: Places, changes: Iterable[Change], waiting: Callable[[], None] = lambda: None
) -> tuple[list[Edit], list[PlanWarning]]:
    """Carry the snapshots of these changes; return the values that this gives their parts, and what was left behind.

    The judgement is made anew, since files may have changed since the plan was: a turn that no longer may go along is
    in no edit, and so it is detached. Raises MigratorError, with no row written, where objects can't be carried.
    """
    wanted = {change.session for change in changes if change.undo is Undo.CARRY}
    if not wanted:
        return [], []
    verdicts = Judge(store, places).verdicts(change for change in changes if change.session in wanted)
    cargo: dict[Passage, set[str]] = {}
    for verdict in verdicts.values():
        if verdict.passage is not None and verdict.trees:
            cargo.setdefault(verdict.passage, set()).update(verdict.trees)
    for passage, trees in cargo.items():
        waiting()
        carry(passage, trees, waiting)
    markers = store.bindings(id_ for id_, verdict in verdicts.items() if verdict.keeps_revert)
    edits = [Edit("session", "revert", id_, id_, marker, marker) for id_, (_, marker) in markers.items()]
    for id_, verdict in verdicts.items():
        data = rewritten(verdict)
        edits += [Edit("part", "data", turn.part, id_, turn.data, data[turn.part]) for turn in verdict.carried]
    expected = {change.session: change.turns.carried for change in changes}
    warnings = [
        PlanWarning(
            "undo-detached",
            f"{expected[id_] - len(verdict.carried)} turns of {id_} were detached, not carried: {verdict.because}.",
            id_,
        )
        for id_, verdict in verdicts.items()
        if len(verdict.carried) < expected[id_]
    ]
    return edits, warnings
