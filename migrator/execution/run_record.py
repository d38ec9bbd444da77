"""A run as its journal has it: what it did, in the words of a plan, and what became of each turn's file undo."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from migrator.model import (
    REDO_OF,
    UNDO_OF,
    FileUndo,
    Plan,
    RunRecord,
    RunStatus,
    TurnOutcome,
    TurnRecord,
    UndoTurns,
)
from migrator.store.row_json import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.execution.journal_reader import JournalReader
    from migrator.model import Change, LoggedRun
    from migrator.store.writer import Edit


def run_record(journal: JournalReader, run: LoggedRun, following: Sequence[tuple[str, str]]) -> RunRecord:
    """Return the record of a run; `following` are the commands that may follow, with what for."""
    entry, changes, edits = journal.entry, journal.changes(), journal.edits()
    is_back = run.undoes is not None and run.redoes is None
    turns = [record for edit in edits if (record := _turn(edit, is_back=is_back)) is not None]
    if (
        journal.merge is None
        and not any(change.moves for change in changes)
        and entry.status is RunStatus.APPLIED
        and run.undoes is None
    ):
        changed = {edit.session for edit in edits}
        mended = (change.session for change in changes if change.session not in changed)
        opencode = 2 if entry.dialect == "v2" else 1
        turns += [TurnRecord(session, None, TurnOutcome.MENDED, opencode) for session in mended]
    way = () if run.undoes is None else (f"{REDO_OF}{run.redoes}" if run.redoes else f"{UNDO_OF}{run.undoes}",)
    registered = [project.change for project in journal.projects() if project.register]
    taken_out = [project.change for project in journal.projects() if not project.register]
    plan = Plan(
        entry.store,
        entry.dialect,
        tuple(_counted(changes, turns, way)),
        (*registered, *journal.updates()),
        announce=entry.announces,
        merge=journal.merge,
    )
    chunks = sum(1 for _ in journal.chunks())
    return RunRecord(run, plan, tuple(turns), tuple(taken_out), chunks, entry.verified, entry.backup, tuple(following))


def _counted(changes: Sequence[Change], turns: Sequence[TurnRecord], way: tuple[str, ...]) -> Iterator[Change]:
    """Yield the changes, each with what became of its turns, as far as that is on record, and `way` as its reason."""
    outcomes: defaultdict[str, Counter[TurnOutcome]] = defaultdict(Counter)
    in_1 = {turn.session for turn in turns if turn.opencode == 1}
    for turn in turns:
        if turn.turn == turn.session or (turn.opencode != 1 and turn.session in in_1):
            continue  # a revert marker, which is no turn; a turn that both opencodes have, counted once
        outcomes[turn.session][turn.outcome] += 1
    for change in changes:
        tally = outcomes.get(change.session)
        if way or tally is None:
            yield change._replace(selected_by=way)
            continue
        carried, mended = tally[TurnOutcome.CARRIED], tally[TurnOutcome.MENDED]
        # What was to be carried may have been detached after all: files had changed.
        undo = FileUndo.DETACH if change.moves and not carried else change.undo
        yield change._replace(undo=undo, turns=UndoTurns(carried + mended, tally[TurnOutcome.DETACHED], None, mended))


def _turn(edit: Edit, *, is_back: bool) -> TurnRecord | None:
    """Return what an edit did to a turn, None if it is about none; `is_back`: it sets back what a run had changed."""
    if edit.column not in {"data", "revert"}:
        return None
    before, after = _files(edit, edit.before), _files(edit, edit.after)
    kept = TurnOutcome.SET_BACK if is_back else TurnOutcome.CARRIED
    outcome = TurnOutcome.DETACHED if before and not after else kept
    opencode = 1 if edit.table in {"part", "session"} else 2
    return TurnRecord(edit.session, edit.key, outcome, opencode, after or before)


def _files(edit: Edit, text: Any) -> tuple[str, ...]:
    """Return the files that a turn names; of a revert marker, whether a redo of opencode's would write any."""
    value = decode(text)
    if not isinstance(value, dict):
        return ()
    if edit.column == "revert":
        return ("",) if value.keys() & {"snapshot", "files"} else ()
    named = value if edit.table == "part" else value.get("snapshot")
    files = named.get("files") if isinstance(named, dict) else None
    return tuple(map(str, files)) if isinstance(files, list) else ()
