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
from migrator.store.unfinished import RowChange, row_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from migrator.execution.journal_reader import JournalReader
    from migrator.model import Change, LoggedRun
    from migrator.store.writer import Edit


def run_record(journal: JournalReader, run: LoggedRun, following: Sequence[tuple[str, str]]) -> RunRecord:
    """Return the record of a run; `following` are the commands that may follow, with what for."""
    entry, changes, edits = journal.entry, journal.changes(), journal.edits()
    is_back = run.undoes is not None and run.redoes is None
    turns = turn_records(edits, is_back=is_back)
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
        tuple(change._replace(selected_by=way or change.selected_by) for change in with_outcomes(changes, turns)),
        (*registered, *journal.updates()),
        announce=entry.announces,
        merge=journal.merge,
    )
    chunks = sum(1 for _ in journal.chunks())
    return RunRecord(run, plan, tuple(turns), tuple(taken_out), chunks, entry.verified, entry.backup, tuple(following))


def with_outcomes(changes: Iterable[Change], turns: Iterable[TurnRecord]) -> Iterator[Change]:
    """Yield the changes, each with what becomes of its turns, as far as that is on record."""
    outcomes: defaultdict[str, Counter[TurnOutcome]] = defaultdict(Counter)
    turns = [*turns]
    in_1 = {turn.session for turn in turns if turn.opencode == 1}
    set_back = {turn.session for turn in turns if turn.outcome is TurnOutcome.SET_BACK}
    for turn in turns:
        if turn.turn == turn.session or (turn.opencode != 1 and turn.session in in_1):
            continue  # a revert marker, which is no turn; a turn that both opencodes have, counted once
        outcomes[turn.session][turn.outcome] += 1
    for change in changes:
        tally = outcomes.get(change.session)
        if change.session in set_back:  # journals of earlier versions say that it is carried
            yield change._replace(undo=FileUndo.SET_BACK, turns=UndoTurns())
            continue
        if tally is None:
            yield change
            continue
        carried, mended = tally[TurnOutcome.CARRIED], tally[TurnOutcome.MENDED]
        # What was to be carried may have been detached after all: files had changed.
        undo = FileUndo.DETACH if change.invalidates_file_undo and not carried else change.undo
        yield change._replace(undo=undo, turns=UndoTurns(carried + mended, tally[TurnOutcome.DETACHED], None, mended))


def turn_records(edits: Iterable[Edit], *, is_back: bool) -> list[TurnRecord]:
    """Return what edits do to turns; `is_back`: they set back what a run had changed."""
    return [record for edit in edits if (record := _turn(edit, is_back=is_back)) is not None]


def _turn(edit: Edit, *, is_back: bool) -> TurnRecord | None:
    """Return what an edit does to a turn, None if it is about none."""
    if edit.column not in {"data", "revert"} or _says_more(edit):
        return None
    before, after = _files(edit, edit.before), _files(edit, edit.after)
    if edit.column == "data" and not before and not after:
        return None
    kept = TurnOutcome.SET_BACK if is_back else TurnOutcome.CARRIED
    outcome = TurnOutcome.DETACHED if before and not after else kept
    opencode = 1 if edit.table in {"part", "session"} else 2
    return TurnRecord(edit.session, edit.key, outcome, opencode, after or before)


def _says_more(edit: Edit) -> bool:
    """Tell whether a merge has brought a later state of a row, which says more than which files an undo acts on."""
    kind = "assistant" if edit.table == "session_message" else edit.table
    return edit.column == "data" and row_change(kind, edit.before, edit.after) is not RowChange.SAME


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
