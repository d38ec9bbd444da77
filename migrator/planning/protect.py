"""Plan to mend file undo that would delete files, or to detach it if it can't be mended; nothing moves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Change, FileUndo, Plan, PlanWarning, UndoTurns
from migrator.snapshots.contract import Recoveries
from migrator.snapshots.opencodes import find_recoveries, undo_effects
from migrator.snapshots.undo_effect import UNTIL_MENDED, UndoEffect, by_message, dangerous_turns
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
    detached, unless nobody can tell whether their snapshot is somewhere else, since not all may be read. The policy
    `detach` looks nowhere else; `carry` raises MigratorError if one can't be mended.
    """
    ids = [selected.session.id for selected in selection.sessions]
    effects = undo_effects(store, places, ids)
    recoveries = Recoveries({}, {}) if policy == "detach" else find_recoveries(store, places, effects)
    mended = {id_: recovery.parts for id_, recovery in recoveries.best.items()}
    dangerous = {id_: turns for id_ in ids if (turns := dangerous_turns(effects.get(id_, ())))}
    changed = dangerous.keys() - (recoveries.unknown.keys() - mended.keys())
    changes = []
    for session, root, selected_by, _ in selection.sessions:
        if session.id in changed:
            keeps = session.id in recoveries.unknown
            file_undo = _file_undo(effects[session.id], mended.get(session.id, ()), keeps_others=keeps)
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
        (*_warn_of_deletions(store, dangerous, mended), *_warn_of_unknown(effects, recoveries.unknown)),
        tuple(id_ for id_ in ids if id_ not in changed),
        in_place=True,
    )


def _file_undo(
    turns: Sequence[TurnEffect], mended: Collection[str], *, keeps_others: bool
) -> tuple[FileUndo, UndoTurns]:
    """Return what happens to the turns of a session; with `keeps_others`, those that aren't mended stay as they are."""
    others = () if keeps_others else dangerous_turns(turns)
    detached = [effect for effect in others if effect.turn.part not in mended]
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


def _warn_of_unknown(
    effects: Mapping[str, Sequence[TurnEffect]], elsewhere: Mapping[str, str]
) -> Iterator[PlanWarning]:
    """Warn of what can't be looked at, once for all sessions with the same reason.

    `elsewhere` has by session why nobody can tell whether a lost snapshot is still there under another project id.
    """
    reasons = Counter(
        because
        for turns in effects.values()
        for because in {turn.because for turn in turns if turn.effect is UndoEffect.UNKNOWN}
    )
    for because, number in reasons.items():
        yield PlanWarning(
            "undo-unknown",
            f"What an undo in {count(number, 'session')} would do is unknown, so it stays as it is: {because}. "
            f"{UNTIL_MENDED}",
        )
    for because, number in Counter(elsewhere.values()).items():
        yield PlanWarning(
            "undo-unknown",
            f"Whether snapshots of {count(number, 'session')} are still there is unknown, so what isn't mended stays "
            f"as it is: {because.rstrip('.')}. {UNTIL_MENDED}",
        )
