"""A merge under way: its chunks bring all rows of sessions at once, or take them out and keep them in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import StalePlan
from migrator.execution.engine import RunUnderWay
from migrator.execution.merge.companions import bring_files, outputs_here, take_out_files
from migrator.execution.merge.take_back import stage_merge, take_back_merge
from migrator.execution.opencode_2 import opencode_2_edits
from migrator.store import merging
from migrator.store.companion_files import rows_naming_outputs, with_outputs_at
from migrator.store.instructions import INSTRUCTIONS, edit_instructions, missing_instructions
from migrator.store.sql import WHOLE
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.execution.disk_space import DiskSpace
    from migrator.execution.journal import Journal
    from migrator.execution.rollback import Written
    from migrator.store.staging import Staging
    from migrator.store.untouched import UntouchedView
    from migrator.store.writer import Writer


class MergeUnderWay(RunUnderWay):
    """A merge between its first chunk and its end; what comes is attached as `source`, from the other database `view`.

    Without one it comes from the journal of the run that took it out.
    """

    chunk_seconds = 2.0  # each writes again all pages of the indexes that it touches

    def __init__(
        self, writer: Writer, journal: Journal, staging: Staging, space: DiskSpace, view: UntouchedView | None
    ) -> None:
        super().__init__(writer, journal, staging, space)
        assert journal.merge is not None  # noqa: S101 - for the type checker: it is the journal of a merge
        self._merge, self._view = journal.merge, view  # the plan's has files of sessions that are left out, too
        self._continued = self._merge.continued
        self._outputs = outputs_here(self._merge, str(writer.path)) if view else {}

    def write(self, progress: Callable[[int], None]) -> None:
        """Bring the files, then write; files that belong to what was taken out go last."""
        if not self._merge.taken_out:
            bring_files(self._merge.files, lambda: progress(0), again=self._view is None)
        super().write(progress)

    def close(self) -> None:
        """Remove the files of what was taken out, and record that everything was done."""
        if self._merge.taken_out:
            take_out_files(self._merge, self._writer)
        super().close()

    def _write_chunk(self, number: int, numbers: range) -> None:
        writer, journal, staging = self._writer, self._journal, self._staging
        first, last = numbers[0], numbers[-1]
        if self._merge.taken_out:
            with staging.attach_journal(journal.path) as copying:
                merging.keep(staging, copying, first, last)
        with self.files.transaction():
            edits = journal.restores(first, last)
            sessions = [change.session for change in staging.changes(first, last)]
            whole = [session for session in sessions if session not in self._continued]
            self._space.keep_for(len(numbers), edits)
            if self._merge.taken_out:
                recorded = self._whole_rows(whole)
                done = merging.take_out(staging, first, last)
                edit_instructions(writer, edits)
            else:
                bring = merging.bring if self._view else merging.bring_back
                done = bring(staging, first, last)
                if self._view:
                    self._say_differently(whole, [edit for edit in edits if edit.session not in self._continued])
                    told = opencode_2_edits(staging, first, last, announce=self._before.entry.announces)
                    writer.edit([edit for edit in told if edit.session not in self._continued])
                told_before = missing_instructions(writer, merging.SOURCE, sessions) if self._view else edits
                edit_instructions(writer, told_before)
                recorded = [edit._replace(before=None, after=edit.before) for edit in self._whole_rows(whole)]
                recorded += told_before if self._view else []
            continued = [e for e in edits if e.session in self._continued and e.table != INSTRUCTIONS]
            if done != len(whole) or writer.edit(continued) != len(continued):
                raise StalePlan(f"The database changed while the run was writing ({sessions[0]}).", tuple(sessions))
            journal.intend(number, first, last, [*edits, *recorded])
            self._chunks.append((numbers, [*edits, *recorded]))
            if self._view:
                self._view.check()

    def _say_differently(self, sessions: list[str], edits: list[Edit]) -> None:
        """Set what rows of these sessions, which have just come, say differently here: `edits`, and long outputs."""
        writer = self._writer
        if writer.edit(edits) != len(edits):
            raise StalePlan(f"The database changed while the run was writing ({sessions[0]}).", tuple(sessions))
        naming = rows_naming_outputs(writer, sessions) if self._outputs else ()
        writer.edit(
            [
                Edit(table, "data", id_, of, data, with_outputs_at(data, self._outputs))
                for table, id_, of, data in naming
            ]
        )

    def _whole_rows(self, sessions: list[str]) -> list[Edit]:
        """Return the rows of these sessions, as edits that delete them, by which an undo tells whether they changed."""
        return [
            Edit(table, WHOLE, id_, id_, row, None)
            for table in self._writer.schema.tables
            for id_, row in self._writer.values(table, WHOLE, sessions).items()
        ]

    def _take_back(self, written: Written) -> int:
        return take_back_merge(self._merge, self._writer, written)

    def _count_arrived(self) -> tuple[int, int]:
        changes = self._journal.changes()
        staging = stage_merge(self._writer, changes, self._merge)
        return merging.count_gone(staging) if self._merge.taken_out else staging.count_arrived(), len(changes)
