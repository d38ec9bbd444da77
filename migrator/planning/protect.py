"""Plan to mend file undo that would delete files, or to detach it if it can't be mended; nothing moves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Change, FileUndo, Plan, PlanWarning, UndoTurns
from migrator.snapshots.recover import find_recoveries
from migrator.snapshots.undo_effect import UndoEffect, by_message, dangerous_turns, undo_effects
from migrator.store.turns import prompts
from migrator.text import count, first_few, local_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.choices import FileUndoPolicy
    from migrator.model import Selection
    from migrator.places import Places
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.reader import Store

_FILES_NAMED = 20


def build_protect_plan(store: Store, places: Places, selection: Selection, policy: FileUndoPolicy) -> Plan:
    """Plan what to do with the turns whose undo in opencode would delete files today; the others stay as they are.

    A turn whose snapshot is somewhere else is mended: the snapshot is brought to where opencode looks. The others are
    detached. The policy `detach` mends none; `carry` raises MigratorError if one can't be mended.
    """
    ids = [selected.session.id for selected in selection.sessions]
    effects = undo_effects(store, places, ids)
    recoveries = {} if policy == "detach" else find_recoveries(store, places, effects)
    mended = {id_: recovery.parts for id_, recovery in recoveries.items()}
    dangerous = {id_: turns for id_ in ids if (turns := dangerous_turns(effects.get(id_, ())))}
    changes = []
    for session, root, selected_by, _ in selection.sessions:
        if session.id in dangerous:
            file_undo = _file_undo(effects[session.id], mended.get(session.id, ()))
            binding = session.binding
            changes.append(Change(session.id, root, session.title, selected_by, binding, binding, *file_undo))
    if policy == "carry" and (lost := [change for change in changes if change.turns.detached]):
        raise MigratorError(
            f"File undo of {lost[0].session} can't be mended completely: {lost[0].turns.because}. "
            "--undo-files auto mends what can be and detaches the rest, detach mends nothing.",
        )
    return Plan(
        str(store.path),
        store.schema.dialect,
        tuple(changes),
        (),
        (*_warn_of_deletions(store, dangerous, mended), *_warn_of_unknown(effects)),
        tuple(id_ for id_ in ids if id_ not in dangerous),
    )


def _file_undo(turns: Sequence[TurnEffect], mended: Collection[str]) -> tuple[FileUndo, UndoTurns]:
    detached = [effect for effect in dangerous_turns(turns) if effect.turn.part not in mended]
    kept = len(turns) - len(detached)
    because = detached[0].because if detached else None
    return FileUndo.CARRY if kept else FileUndo.DETACH, UndoTurns(kept, len(detached), because, len(mended))


def _warn_of_deletions(
    store: Store, dangerous: Mapping[str, Sequence[TurnEffect]], mended: Mapping[str, Collection[str]]
) -> Iterator[PlanWarning]:
    """Warn of what the undo of each message of the user would delete, and tell whether that is mended."""
    prompt_of = prompts(store, [effect.turn.part for turns in dangerous.values() for effect in turns])
    for id_, turns in dangerous.items():
        for (message, time), steps in by_message(turns, prompt_of).items():
            files = list(dict.fromkeys(file for step in steps for file in step.deletes))
            is_mended = all(step.turn.part in mended.get(id_, ()) for step in steps)
            yield PlanWarning(
                "undo-deletes",
                f"{id_}: undoing {message} of {local_time(time)} would delete {count(len(files), 'file')}, "
                f"{first_few(files, _FILES_NAMED)}: {steps[0].because}."
                f"{' Its snapshot is still there, and is brought to where opencode looks.' if is_mended else ''}",
                id_,
            )


def _warn_of_unknown(effects: Mapping[str, Sequence[TurnEffect]]) -> Iterator[PlanWarning]:
    """Warn that what an undo would do is unknown, once for all sessions with the same reason."""
    reasons = Counter(turns[0].because for turns in effects.values() if turns[0].effect is UndoEffect.UNKNOWN)
    for because, number in reasons.items():
        yield PlanWarning(
            "undo-unknown",
            f"What an undo in {count(number, 'session')} would do is unknown, so it stays as it is: {because}.",
        )
