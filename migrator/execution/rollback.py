"""Taking back what an unfinished run has written, from its journal, chunk by chunk, newest first."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.execution.edits import existing, inverted
from migrator.model import RunStatus
from migrator.store.writing import Rebind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.execution.journal import Journal
    from migrator.model import Change
    from migrator.store.reading import Store
    from migrator.store.writing import Edit, Writer


class Side(Enum):
    """On which side of its commit a chunk is."""

    BEFORE = "before"
    AFTER = "after"


def side_of(store: Store, chunk: Sequence[Change]) -> Side:
    """Tell from the rows whether a chunk committed; sessions that were deleted since don't count.

    Raises MigratorError, naming them, where rows are on neither side.
    """
    now = store.bindings(change.session for change in chunk)
    seen = {id_: binding for id_, (binding, _) in now.items()}
    present = [change for change in chunk if change.session in seen]
    if all(seen[change.session] == change.after for change in present):
        return Side.AFTER
    if all(seen[change.session] == change.before for change in present):
        return Side.BEFORE
    strangers = [c.session for c in present if seen[c.session] not in {c.before, c.after}] or [present[0].session]
    raise MigratorError(
        f"Something else has moved {', '.join(strangers[:5])} since the run was cut off; "
        "put them back where the run had them, or leave the run as it is.",
    )


def roll_back(writer: Writer, journal: Journal) -> int:
    """Take back every chunk that committed and mark the run as rolled back; return the number of sessions.

    Ctrl-C waits until this is through; after a kill it can be started again.
    """
    with uninterrupted():
        journal.mark(RunStatus.ROLLING_BACK)
        taken_back = 0
        with writer.restoring():
            for number, first, last in journal.chunks():
                chunk = journal.changes(first, last)
                if side_of(writer, chunk) is Side.AFTER:
                    _invert(writer, chunk, journal.edits(number))
                    taken_back += len(chunk)
            with writer.transaction():
                for project in journal.projects():
                    undo = writer.unregister if project.register else writer.register
                    undo(project.change, project.registered)
        journal.mark(RunStatus.ROLLED_BACK)
    return taken_back


def _invert(writer: Writer, chunk: Sequence[Change], edits: Sequence[Edit]) -> None:
    with writer.transaction():
        now = writer.bindings(change.session for change in chunk)
        writer.rebind([Rebind(c.session, c.after, c.before) for c in chunk if c.session in now])
        wanted = existing(writer, inverted(edits))
        if writer.edit(wanted) != len(wanted):
            sessions = sorted({edit.session for edit in wanted})
            raise MigratorError(f"Messages of {', '.join(sessions[:5])} changed since the run was cut off.")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM off; signals are the main thread's, elsewhere there is nothing to hold."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
