"""Carry out a plan in chunks: all of it or, whatever happens, none of it.

A chunk is one transaction. If one fails, or Ctrl-C comes, the chunks before it are taken back. A process that is killed
leaves a run that `resume` finishes or `undo` takes back, from what the rows themselves say.

A session may be one row or carry thousands of message parts, so a fixed number of them is either slow (a chunk costs
two syncs of the disk) or holds one transaction for seconds: unless the user gives a number, a chunk is what can be
written in a quarter of a second. See benchmarks/README.md for both.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.errors import Interrupted, MigratorError, StalePlan
from migrator.execution.conflicts import conflict_sentence
from migrator.execution.opencode_2 import opencode_2_edits
from migrator.execution.project_edits import unwritten_updates, write_updates
from migrator.execution.rollback import Written, close_taken_back, take_back
from migrator.execution.run_files import JournalChanged, RunFiles
from migrator.execution.run_log import restored_sessions
from migrator.execution.value_edits import detachments, stage, still_applicable
from migrator.model import RunStatus
from migrator.progress import doing
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.execution.disk_space import DiskSpace
    from migrator.execution.journal import Journal
    from migrator.store.staging import Staging
    from migrator.store.writer import Edit, Writer

FIRST_CHUNK = 250
_LARGEST_CHUNK = 10_000


def execute(run: RunUnderWay, progress: Callable[[int], None]) -> None:
    """Write what is staged, numbered as in the journal, then verify it and close the run.

    On any failure, KeyboardInterrupt from `progress` included, everything that the run has written is taken back before
    the error is raised again; the disk space is given up for that. If that fails too, the message says how to go on.
    """
    try:
        progress(0)
        run.write(progress)
        with doing("Looking the sessions up as opencode lists them"):
            run.verify()
        run.close()
    except BaseException as error:  # noqa: BLE001 - it is raised again
        cause = run.files.cause_of(error)
        with doing("Taking back what was written"):
            outcome = run.take_back(cause)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(f"Interrupted; {outcome[0].lower()}{outcome[1:]}") from None
        if isinstance(cause, MigratorError):
            cause.args = (f"{str(cause).rstrip('.')}. {outcome}",)
        raise cause from (None if cause is error else error)


class RunUnderWay:
    """A run between its first chunk and its end."""

    chunk_seconds = 0.25
    """How long a chunk should take, unless the user says how many sessions it has."""

    def __init__(self, writer: Writer, journal: Journal, staging: Staging, space: DiskSpace) -> None:
        self._writer = writer
        self._journal = journal
        self._staging = staging
        self._space = space
        self._before = Written.read(journal)  # what a run that is resumed has written already
        self._chunks: list[tuple[range, list[Edit]]] = []
        self._restored = restored_sessions(journal)
        self.files = RunFiles(writer, journal)

    def close(self) -> None:
        """Record that everything was done."""
        self._journal.mark(RunStatus.APPLIED)
        self.files.check()
        self._space.release()

    def write(self, progress: Callable[[int], None]) -> None:
        """Write the project rows, then chunk after chunk."""
        writer, staging, projects = self._writer, self._staging, self._before.projects
        with self.files.transaction():
            for project in projects:
                if project.register:
                    writer.register(project.change, project.registered)
            write_updates(writer, unwritten_updates(writer, self._before.updates))
        number = max((number for number, *_ in self._journal.chunks()), default=0)
        fixed_size = self._before.entry.chunk_size
        size, first = fixed_size or FIRST_CHUNK, staging.first
        with doing("Writing", staging.last + 1 - first, "sessions") as advance:
            while first <= staging.last:
                number += 1
                size = self._space.keep_for(min(size, staging.last + 1 - first))
                numbers = range(first, first + size)
                start = time.monotonic()
                self._write_chunk(number, numbers)
                size = fixed_size or self._next_size(size, time.monotonic() - start)
                advance(len(numbers))
                progress(len(numbers))
                first += len(numbers)
        with self.files.transaction():
            for project in projects:
                if not project.register:
                    writer.unregister(project.change, project.registered)

    def _write_chunk(self, number: int, numbers: range) -> None:
        """Write chunk `number`: the changes with these numbers."""
        writer, journal, staging = self._writer, self._journal, self._staging
        first, last = numbers[0], numbers[-1]
        with self.files.transaction():
            all_restores = journal.restores(first, last)
            restores = still_applicable(writer, all_restores)
            edits = restores + detachments(staging, first, last, all_restores)
            edits += opencode_2_edits(
                staging, first, last, restores=restores, restored=self._restored,
                announce=self._before.entry.announces,
            )  # fmt: skip
            self._space.keep_for(len(numbers), edits)
            journal.intend(number, first, last, edits)
            self._chunks.append((numbers, edits))
            if staging.rebind(first, last) != len(numbers) or writer.edit(edits) != len(edits):
                chunk = journal.changes(first, last)
                now = writer.bindings(change.session for change in chunk)
                changed = {
                    change.session: "changed in the meantime"
                    for change in chunk
                    if change.session not in now or now[change.session][0] not in {change.before, change.after}
                }
                what = conflict_sentence(changed) or "a message part"
                raise StalePlan(f"The database changed while the run was writing ({what}).", tuple(changed))

    def _next_size(self, size: int, seconds: float) -> int:
        """Return the size of the chunk after one that took so long: at most four times as large, at least a quarter."""
        factor = min(max(self.chunk_seconds / max(seconds, 1e-9), 1 / 4), 4)
        return max(1, min(int(size * factor), _LARGEST_CHUNK))

    def _take_back(self, written: Written) -> int:
        return take_back(self._writer, written)

    def verify(self) -> None:
        """Check that every session of the run is where it should be; one that was resumed is checked as a whole."""
        arrived, every = self._count_arrived()
        if arrived != every:
            raise MigratorError(
                f"Only {arrived} of {every} sessions would be listed by opencode at their destination; please "
                "report this.",
            )
        self.files.check()
        self._journal.mark(RunStatus.RUNNING, arrived)
        self.files.check_whole()

    def _count_arrived(self) -> tuple[int, int]:
        """Return how many sessions opencode's own filters list at their destination, and of how many.

        A run that was resumed has staged the rest only.
        """
        whole = self._staging if self._staging.first == 1 else stage(self._writer, self._journal.changes())
        return whole.count_arrived(), whole.last

    def take_back(self, cause: BaseException) -> str:
        """Take back what the run has written, because of `cause`; return a sentence for people.

        It is done from memory. That taking back has begun is recorded if it can be: after a kill, the rows tell.
        """
        self._space.release()
        run = self._journal.entry.id
        if self._writer.file.was_cut_short:
            return (
                "Nothing more was written. Check with `opencode-migrator doctor` that the database is whole, then "
                f"`{our_command('undo', run)}` takes back what there is of the run."
            )
        try:
            if not isinstance(cause, JournalChanged):
                with suppress(MigratorError):
                    self._journal.mark(RunStatus.ROLLING_BACK)
            chunks = [(self._staging.changes(numbers[0], numbers[-1]), edits) for numbers, edits in self._chunks]
            written = replace(self._before, chunks=[*reversed(chunks), *self._before.chunks])
            sessions = self._take_back(written)
        except Exception as failure:  # noqa: BLE001 - whatever went wrong, the user must learn how to go on
            raise MigratorError(
                f"The run failed ({cause}), and so did taking it back ({failure}). Run {run} is unfinished; nothing is "
                f"lost: mend the cause, then `{our_command('undo', run)}` takes back what was written, or "
                f"`{our_command('resume', run)}` finishes it.",
            ) from cause
        return close_taken_back(self._journal, cause if sessions else None)
