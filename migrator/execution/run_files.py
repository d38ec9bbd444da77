"""The gate of a run: nothing is committed unless database and journal are still the files that we opened."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.execution.journal import Journal
    from migrator.store.writer import Writer


class DatabaseChanged(MigratorError):
    """The database is no longer the file that we have open, or has lost part of it."""


class JournalChanged(MigratorError):
    """The journal is no longer the file that we have open, or has lost part of it."""


class RunFiles:
    """The database and the journal of a run, which are asked before each commit."""

    def __init__(self, writer: Writer, journal: Journal) -> None:
        self._writer = writer
        self._journal = journal

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of the block in the database or, whatever happens to the files, nothing.

        They are asked before it too: what was cut short and then written to is as long again.
        """
        self.check()
        with self._writer.transaction():
            yield
            self.check()

    def check(self) -> None:
        """Raise DatabaseChanged or JournalChanged if either is no longer the file that we opened."""
        if what := self._writer.file.why_changed():
            raise DatabaseChanged(f"{what} while it was being written to.")
        if what := self._journal.file.why_changed():
            raise JournalChanged(f"The journal {what} while the run went on; the run couldn't be undone without it.")

    def check_whole(self) -> None:
        """Check both once more, and that whoever opens the journal will find all of the run in it."""
        self.check()
        if what := self._journal.why_not_whole():
            raise JournalChanged(f"The journal {what}; the run couldn't be undone without it.")

    def cause_of(self, error: BaseException) -> BaseException:
        """Return why a run failed: if a file was changed, that is the reason, not what SQLite says of it."""
        if not isinstance(error, Exception):
            return error
        try:
            self.check()
        except MigratorError as changed:
            return changed
        return error
