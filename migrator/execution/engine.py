"""Carrying out a plan in chunks: all of it, or, whatever happens, none of it.

A chunk is one transaction. If one fails, or Ctrl-C comes, the chunks before it are taken back from the journal. A
process that is killed leaves a run that `resume` finishes or `undo` takes back, from what the rows themselves say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import Interrupted, MigratorError, StalePlan
from migrator.execution.conflicts import sentence
from migrator.execution.edits import detachments, existing
from migrator.execution.rollback import roll_back
from migrator.model import RunStatus, Undo
from migrator.store.listing import arrived
from migrator.store.writing import Rebind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Change
    from migrator.store.writing import Writer


def carry_out(
    writer: Writer,
    journal: Journal,
    changes: Sequence[Change],
    first: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write `changes`, which stand in the journal from number `first` on, then verify and close the run.

    On any failure, KeyboardInterrupt out of `progress` too, everything the run has written is taken back before the
    error goes on; if even that fails, the message says how to finish by hand.
    """
    try:
        progress(0)
        _write(writer, journal, changes, first, progress)
        _verify(writer, journal)
        journal.mark(RunStatus.APPLIED)
    except BaseException as error:
        _take_back(writer, journal, error)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("Interrupted; everything was rolled back.") from None
        raise


def _write(
    writer: Writer,
    journal: Journal,
    changes: Sequence[Change],
    first: int,
    progress: Callable[[int], None],
) -> None:
    projects = journal.projects()
    with writer.transaction():
        for project in projects:
            if project.register:
                writer.register(project.change, project.registered)
    number = max((number for number, *_ in journal.chunks()), default=0)
    size = journal.chunk_size
    for start in range(0, len(changes), size):
        chunk = changes[start : start + size]
        number += 1
        _write_chunk(writer, journal, chunk, number, first + start)
        progress(len(chunk))
    with writer.transaction():
        for project in projects:
            if not project.register:
                writer.unregister(project.change, project.registered)


def _write_chunk(writer: Writer, journal: Journal, chunk: Sequence[Change], number: int, first: int) -> None:
    with writer.transaction():
        restores = journal.restores(change.session for change in chunk)
        edits = existing(writer, restores)
        settled = {(edit.table, edit.key) for edit in restores}
        leaving = [change.session for change in chunk if change.loses_its_ground or change.undo is Undo.DETACH]
        reverts = {id_: revert for id_, (_, revert) in writer.bindings(leaving).items()}
        edits += detachments(writer, leaving, reverts, settled)
        journal.intend(number, first, first + len(chunk) - 1, edits)
        rebinds = [Rebind(change.session, change.before, change.after) for change in chunk]
        if writer.rebind(rebinds) != len(rebinds) or writer.edit(edits) != len(edits):
            now = writer.bindings(change.session for change in chunk)
            changed = {
                change.session: "changed in the meantime"
                for change in chunk
                if change.session not in now or now[change.session][0] not in {change.before, change.after}
            }
            raise StalePlan(
                f"The database changed while the run was writing ({sentence(changed) or 'a message part'}); "
                "everything was rolled back.",
                tuple(changed),
            )


def _verify(writer: Writer, journal: Journal) -> None:
    """Ask with opencode's own filters whether every session is where it should be."""
    changes = journal.changes()
    verified = arrived(writer, changes)
    if verified != len(changes):
        raise MigratorError(
            f"Only {verified} of {len(changes)} sessions would be listed by opencode at their destination; "
            "everything was rolled back. Please report this.",
        )
    journal.mark(RunStatus.RUNNING, verified)


def _take_back(writer: Writer, journal: Journal, error: BaseException) -> None:
    try:
        roll_back(writer, journal)
    except Exception as failure:  # noqa: BLE001 - whatever keeps us from rolling back, the user must hear how to go on
        run = journal.entry.id
        raise MigratorError(
            f"The run failed ({error}), and so did taking it back ({failure}). Nothing is lost: mend the cause, then "
            f"`opencode-migrator undo {run}` takes back what was written.",
        ) from error
