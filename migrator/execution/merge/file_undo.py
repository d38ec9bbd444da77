"""Carry the file undo of sessions that come from another database: their snapshots, and what their turns say here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.execution.file_undo import carry_all
from migrator.execution.value_edits import without_files
from migrator.model import FileUndo
from migrator.snapshots.carry import carry_decisions
from migrator.snapshots.carry_check import refuse_unknown, rewritten_patches
from migrator.store.opencode_2.turns import records_of_2
from migrator.store.turns import undo_records
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from migrator.execution.journal_rows import Carried
    from migrator.model import Change
    from migrator.places import Places
    from migrator.snapshots.carry_check import CarryDecision
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
    return [*_edits_of_turns(theirs, decisions), *_edits_of_markers(theirs, decisions)], made


def _edits_of_turns(theirs: Store, decisions: Mapping[str, CarryDecision]) -> Iterator[Edit]:
    for records in (undo_records(theirs, decisions), records_of_2(theirs, decisions)):
        for id_, record in records.items():
            kept = {turn.part: data for turn, data in rewritten_patches(decisions[id_])}
            for turn in record.turns:
                if (data := kept.get(turn.part) or turn.with_files([])) != turn.data:
                    yield Edit(turn.table, "data", turn.part, id_, turn.data, data)


def _edits_of_markers(theirs: Store, decisions: Mapping[str, CarryDecision]) -> Iterator[Edit]:
    for opencode, table in ((1, "session"), (2, "session_v2")):
        for id_, (_, marker) in theirs.bindings(decisions, opencode).items():
            keeps = decisions[id_].keeps_revert if opencode == 1 else decisions[id_].keeps_revert_of_2
            if marker is not None and not keeps and (plain := without_files(marker)) != marker:
                yield Edit(table, "revert", id_, id_, marker, plain)
