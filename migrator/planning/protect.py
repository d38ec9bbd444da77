"""Planning to mend file undo that would delete files, or, where it can't be, to take it away: nothing moves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Change, FileUndo, Plan, PlanWarning, UndoTurns
from migrator.snapshots.undo_effect import UndoEffect, by_message, undo_effects
from migrator.store.turns import prompts
from migrator.text import count, first_few, local_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.arguments import FileUndoPolicy
    from migrator.model import Selection
    from migrator.places import Places
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.reader import Store

_FILES_NAMED = 20


def plan_protect(store: Store, places: Places, selection: Selection, policy: FileUndoPolicy) -> Plan:
    """Plan for the turns whose undo in opencode would delete files today; the others stay as they are.

    Where their snapshots are somewhere else, these are brought to where opencode looks; else the turns are detached.
    With the policy DETACH none is brought; with CARRY, MigratorError is raised if one can't be.
    """
    from migrator.snapshots.recover import find_recoveries

    ids = [selected.session.id for selected in selection.sessions]
    found = undo_effects(store, places, ids)
    recoveries = {} if policy == "detach" else find_recoveries(store, places, found)
    mended = {id_: mend.parts for id_, mend in recoveries.items()}
    dangerous = {id_ for id_, turns in found.items() if any(t.effect is UndoEffect.DELETES for t in turns)}
    changes = [
        Change(
            selected.session.id,
            selected.root,
            selected.session.title,
            selected.selected_by,
            selected.session.binding,
            selected.session.binding,
            *_undo(found[selected.session.id], mended.get(selected.session.id, ())),
        )
        for selected in selection.sessions
        if selected.session.id in dangerous
    ]
    if policy == "carry" and (lost := [change for change in changes if change.turns.detached]):
        raise MigratorError(
            f"File undo of {lost[0].session} can't be mended whole: {lost[0].turns.because}. "
            "--undo-files auto mends what can be and detaches the rest, detach mends nothing.",
        )
    return Plan(
        str(store.path),
        store.schema.dialect,
        tuple(changes),
        (),
        (*_warnings(store, {change.session: found[change.session] for change in changes}, mended), *_unknown(found)),
        tuple(id_ for id_ in ids if id_ not in dangerous),
    )


def _undo(turns: Sequence[TurnEffect], mended: Collection[str]) -> tuple[FileUndo, UndoTurns]:
    detached = [turn for turn in turns if turn.effect is UndoEffect.DELETES and turn.turn.part not in mended]
    kept = len(turns) - len(detached)
    because = detached[0].because if detached else None
    return FileUndo.CARRY if kept else FileUndo.DETACH, UndoTurns(kept, len(detached), because, len(mended))


def _warnings(
    store: Store, found: dict[str, list[TurnEffect]], mended: Mapping[str, Collection[str]]
) -> Iterator[PlanWarning]:
    """Say of each dangerous turn what its undo would do, and what becomes of it."""
    dangerous = {id_: [t for t in turns if t.effect is UndoEffect.DELETES] for id_, turns in found.items()}
    said = prompts(store, [turn.turn.part for turns in dangerous.values() for turn in turns])
    for id_, turns in dangerous.items():
        for (message, time), steps in by_message(turns, said).items():
            files = list(dict.fromkeys(file for step in steps for file in step.deletes))
            mends = all(step.turn.part in mended.get(id_, ()) for step in steps)
            yield PlanWarning(
                "undo-deletes",
                f"{id_}: undoing {message} of {local_time(time)} would delete {count(len(files), 'file')}, "
                f"{first_few(files, _FILES_NAMED)}: {steps[0].because}."
                f"{' Its snapshot is still there, and is brought to where opencode looks.' if mends else ''}",
                id_,
            )


def _unknown(found: dict[str, list[TurnEffect]]) -> Iterator[PlanWarning]:
    """Name what keeps us from telling, once for all sessions in which it does."""
    why = Counter(turns[0].because for turns in found.values() if turns[0].effect is UndoEffect.UNKNOWN)
    for because, number in why.items():
        yield PlanWarning(
            "undo-unknown",
            f"What an undo in {count(number, 'session')} would do can't be foretold, so it stays as it is: {because}.",
        )
