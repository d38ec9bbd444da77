"""Planning to take file undo away where it would delete files: nothing moves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import Change, Plan, PlanWarning, Undo, UndoTurns
from migrator.reporting.words import count, when
from migrator.snapshots.outlook import Outlook, by_message, outlooks
from migrator.store.undoing import asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import Selection
    from migrator.places import Places
    from migrator.snapshots.outlook import TurnOutlook
    from migrator.store.reading import Store

_FILES_NAMED = 20


def plan_protection(store: Store, places: Places, selection: Selection) -> Plan:
    """Plan to detach the turns whose undo in opencode would delete files today; the others stay as they are."""
    ids = [selected.session.id for selected in selection.sessions]
    found = outlooks(store, places, ids)
    dangerous = {id_ for id_, turns in found.items() if any(t.outlook is Outlook.DELETES for t in turns)}
    changes = [
        Change(
            selected.session.id,
            selected.root,
            selected.session.title,
            selected.selected_by,
            selected.session.binding,
            selected.session.binding,
            *_undo(found[selected.session.id]),
        )
        for selected in selection.sessions
        if selected.session.id in dangerous
    ]
    return Plan(
        str(store.path),
        store.schema.dialect,
        tuple(changes),
        (),
        (*_warnings(store, {change.session: found[change.session] for change in changes}), *_unknown(found)),
        tuple(id_ for id_ in ids if id_ not in dangerous),
    )


def _undo(turns: Sequence[TurnOutlook]) -> tuple[Undo, UndoTurns]:
    detached = [turn for turn in turns if turn.outlook is Outlook.DELETES]
    kept = len(turns) - len(detached)
    return Undo.CARRY if kept else Undo.DETACH, UndoTurns(kept, len(detached), detached[0].because)


def _warnings(store: Store, found: dict[str, list[TurnOutlook]]) -> Iterator[PlanWarning]:
    """Say of each turn that is detached what its undo would do."""
    detached = {id_: [t for t in turns if t.outlook is Outlook.DELETES] for id_, turns in found.items()}
    said = asked(store, [turn.turn.part for turns in detached.values() for turn in turns])
    for id_, turns in detached.items():
        for (message, time), steps in by_message(turns, said).items():
            files = list(dict.fromkeys(file for step in steps for file in step.deletes))
            more = f" and {len(files) - _FILES_NAMED} more" if len(files) > _FILES_NAMED else ""
            yield PlanWarning(
                "undo-deletes",
                f"{id_}: undoing {message} of {when(time)} would delete {count(len(files), 'file')}, "
                f"{', '.join(files[:_FILES_NAMED])}{more}: {steps[0].because}.",
                id_,
            )


def _unknown(found: dict[str, list[TurnOutlook]]) -> Iterator[PlanWarning]:
    """Name what keeps us from telling, once for all sessions in which it does."""
    why = Counter(turns[0].because for turns in found.values() if turns[0].outlook is Outlook.UNKNOWN)
    for because, number in why.items():
        yield PlanWarning(
            "undo-unknown",
            f"What an undo in {count(number, 'session')} would do can't be foretold, so it stays as it is: {because}.",
        )
