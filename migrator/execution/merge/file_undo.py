"""Carry the file undo of sessions that come from another database: their snapshots, and what their turns say here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.file_undo import carry_all
from migrator.execution.value_edits import without_files
from migrator.model import FileUndo
from migrator.snapshots.carry_decision import refuse_unknown, rewritten_turns
from migrator.snapshots.opencodes import carry_decisions, opencodes
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from migrator.execution.journal_rows import Carried
    from migrator.model import Change
    from migrator.places import Places
    from migrator.snapshots.carry_decision import CarryDecision
    from migrator.snapshots.contract import Opencode
    from migrator.store.reader import Store


def carry_file_undo(
    ours: Store, theirs: Store, places: Places, changes: Sequence[Change], between_steps: Callable[[], None]
) -> tuple[list[Edit], list[Carried]]:
    """Carry the snapshots of these sessions; return the edits of their turns, and the repositories that were made.

    Decided again, since files may have changed since the plan: what can't be carried any more is detached.
    """
    wanted = [change for change in changes if change.undo is FileUndo.CARRY]
    if not wanted:
        return [], []
    decisions = carry_decisions(theirs, places, wanted, into=ours)
    refuse_unknown(decisions)
    routes = ((decision.route, decision.trees) for decision in decisions.values() if decision.route and decision.trees)
    carried = carry_all(routes, between_steps)
    # The source is another database's, and none of the things that a run leaves behind.
    made = [pair._replace(source=pair.target, source_worktree=pair.target_worktree) for pair in carried if pair.made]
    edits = [edit for opencode in opencodes(theirs, places) for edit in _edits(opencode, decisions)]
    return edits, made


def _edits(opencode: Opencode, decisions: Mapping[str, CarryDecision]) -> Iterator[Edit]:
    """Yield the edits of what one opencode has of these sessions: their turns, and the marker of those undone now."""
    for id_, record in opencode.records(decisions).items():
        kept = {turn.part: data for turn, data in rewritten_turns(decisions[id_])}
        for turn in record.turns:
            if (data := kept.get(turn.part) or turn.with_files([])) != turn.data:
                yield Edit(turn.table, "data", turn.part, id_, turn.data, data)
    for id_, (_, marker) in opencode.store.bindings(decisions, opencode.number).items():
        keeps = opencode.number in decisions[id_].keeps_revert
        if marker is not None and not keeps and (plain := without_files(marker)) != marker:
            yield Edit(opencode.session_table, "revert", id_, id_, marker, plain)
