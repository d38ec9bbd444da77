"""Carry out a plan in chunks: all of it or, whatever happens, none of it.

A chunk is one transaction. If one fails, or Ctrl-C comes, the chunks before it are taken back from the journal. A
process that is killed leaves a run that `resume` finishes or `undo` takes back, from what the rows themselves say.

A session may be one row or carry thousands of message parts, so a fixed number of them is either slow (a chunk costs
two syncs of the disk) or holds one transaction for seconds: unless the user gives a number, a chunk is what can be
written in a quarter of a second. See benchmarks/README.md for both.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from migrator.errors import Interrupted, MigratorError, StalePlan
from migrator.execution.conflicts import conflict_sentence
from migrator.execution.opencode_2 import companion_edits
from migrator.execution.project_edits import unwritten_updates, write_updates
from migrator.execution.rollback import roll_back
from migrator.execution.run_log import restored_sessions
from migrator.execution.value_edits import detachments, stage, still_applicable
from migrator.model import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from migrator.execution.journal import Journal
    from migrator.store.staging import Staging
    from migrator.store.writer import Writer

_SECONDS = 0.25
_FIRST_CHUNK = 250
_LARGEST_CHUNK = 10_000


def execute(writer: Writer, journal: Journal, staging: Staging, progress: Callable[[int], None]) -> None:
    """Write what is staged, numbered as in the journal, then verify it and close the run.

    On any failure, KeyboardInterrupt from `progress` included, everything that the run has written is taken back before
    the error is raised again; if that fails too, the message says how to finish by hand.
    """
    try:
        progress(0)
        _write(writer, journal, staging, progress)
        _verify(writer, journal, staging)
        journal.mark(RunStatus.APPLIED)
    except BaseException as error:
        _take_back(writer, journal, error)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("Interrupted; everything was rolled back.") from None
        raise


def _write(writer: Writer, journal: Journal, staging: Staging, progress: Callable[[int], None]) -> None:
    projects = journal.projects()
    with writer.transaction():
        for project in projects:
            if project.register:
                writer.register(project.change, project.registered)
        write_updates(writer, unwritten_updates(writer, journal.updates()))
    entry, restored = journal.entry, restored_sessions(journal)
    number = max((number for number, *_ in journal.chunks()), default=0)
    size = entry.chunk_size or _FIRST_CHUNK
    first = staging.first
    while first <= staging.last:
        number += 1
        numbers = range(first, min(first + size, staging.last + 1))
        start = time.monotonic()
        _write_chunk(writer, journal, staging, number, numbers, restored=restored, announce=entry.announces)
        if entry.chunk_size is None:
            size = _next_size(size, time.monotonic() - start)
        progress(len(numbers))
        first += len(numbers)
    with writer.transaction():
        for project in projects:
            if not project.register:
                writer.unregister(project.change, project.registered)


def _next_size(size: int, seconds: float) -> int:
    """Return the size of the chunk after one that took so long: at most four times as large, at least a quarter."""
    factor = min(max(_SECONDS / max(seconds, 1e-9), 1 / 4), 4)
    return max(1, min(int(size * factor), _LARGEST_CHUNK))


def _write_chunk(  # noqa: PLR0913 - all of these make one chunk
    writer: Writer,
    journal: Journal,
    staging: Staging,
    number: int,
    numbers: range,
    *,
    restored: Collection[str],
    announce: bool,
) -> None:
    """Write chunk `number`: the changes with these numbers."""
    first, last = numbers[0], numbers[-1]
    with writer.transaction():
        all_restores = journal.restores(first, last)
        restores = still_applicable(writer, all_restores)
        edits = restores + detachments(staging, first, last, all_restores)
        edits += companion_edits(staging, first, last, restores=restores, restored=restored, announce=announce)
        journal.intend(number, first, last, edits)
        if staging.rebind(first, last) != len(numbers) or writer.edit(edits) != len(edits):
            chunk = journal.changes(first, last)
            now = writer.bindings(change.session for change in chunk)
            changed = {
                change.session: "changed in the meantime"
                for change in chunk
                if change.session not in now or now[change.session][0] not in {change.before, change.after}
            }
            raise StalePlan(
                f"The database changed while the run was writing ({conflict_sentence(changed) or 'a message part'}); "
                "everything was rolled back.",
                tuple(changed),
            )


def _verify(writer: Writer, journal: Journal, staging: Staging) -> None:
    """Check, with opencode's own filters, that every session of the run is listed at its destination.

    A run that was resumed has staged the rest only; it is checked as a whole.
    """
    whole = staging if staging.first == 1 else stage(writer, journal.changes())
    arrived = whole.count_arrived()
    if arrived != whole.last:
        raise MigratorError(
            f"Only {arrived} of {whole.last} sessions would be listed by opencode at their destination; "
            "everything was rolled back. Please report this.",
        )
    journal.mark(RunStatus.RUNNING, arrived)


def _take_back(writer: Writer, journal: Journal, error: BaseException) -> None:
    try:
        roll_back(writer, journal)
    except Exception as failure:  # noqa: BLE001 - whatever keeps us from rolling back, the user must hear how to go on
        run = journal.entry.id
        raise MigratorError(
            f"The run failed ({error}), and so did taking it back ({failure}). Nothing is lost: fix the cause, then "
            f"`opencode-migrator undo {run}` takes back what was written.",
        ) from error
