"""The journal: one SQLite file for each run, in the user's state directory, never in opencode's database.

A chunk's intent is durable here before the chunk commits there, with every value as it was. Nothing in the journal
says that a chunk is done: after a crash the rows themselves say which side of the commit they are on.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.disk.ownership import owner_of
from migrator.disk.status import is_there
from migrator.disk.system import sync
from migrator.errors import MigratorError
from migrator.execution.journal_file import explain_errors, new_file, remove_journal, whole_or_removed
from migrator.execution.journal_reader import JournalReader
from migrator.execution.journal_rows import (
    COUNTED,
    DIGESTED,
    FORMAT,
    MERGE_TABLES,
    TABLES,
    WITH_MERGE,
    RunEntry,
    digest_of,
    update_row,
)
from migrator.execution.run_lock import hold
from migrator.model import MergeVerdict, RunStatus
from migrator.state_dir import now_ms
from migrator.store.connection import file_uri, transaction
from migrator.text import valid_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from migrator.arguments import WriteRequest
    from migrator.execution.journal_rows import Job
    from migrator.model import Change, Merge
    from migrator.store.staging import Staging
    from migrator.store.writer import Edit


class Journal(JournalReader):
    """One run's journal, open. Every writing method returns only when what it wrote is on the disk."""

    @classmethod
    def begin(cls, job: Job, staging: Staging, write: WriteRequest, number: int) -> Journal:
        """Record everything that a run is about to do, before anything is written to the database.

        `staging` holds the changes of the job's plan, and `number` is greater than that of any run before it. Snapshots
        were carried before, which harms nobody. A file without a row in `run` is no run: the row is written in one
        transaction with all but the changes, which come first. Where that fails, no file is left.
        """
        plan, now = job.plan, now_ms()
        path = new_file(now, owner_of(plan.store))
        with whole_or_removed(path), ExitStack() as opened:
            with closing(sqlite3.connect(path)) as new:  # not yet with a write-ahead log: pages are written once
                new.executescript(f"BEGIN; {TABLES}; {MERGE_TABLES if plan.merge else ''}; COMMIT")
            with staging.attach_journal(path) as copying:
                copying.execute("INSERT INTO journal.binding SELECT * FROM temp.binding")
                copying.execute(
                    "INSERT INTO journal.change SELECT seq, session, root, title, undo, before, after "
                    "FROM temp.change JOIN temp.way ON way.id = change.way"
                )
            journal = cls(path)
            opened.callback(journal.close)
            journal._hold()
            journal.entry = RunEntry(
                path.stem, valid_text(write.command), valid_text(plan.store), plan.dialect, RunStatus.RUNNING, now,
                len(plan.changes), write.chunk_size, job.undoes, job.partial, 0, plan.relocated is not None,
                plan.announce, number, backup=valid_text(os.path.abspath(str(write.backup))) if write.backup else None,
            )  # fmt: skip
            with journal._transaction():
                staying = journal._record_job(job, staging)
                journal.connection.executemany("INSERT INTO staying VALUES (?)", zip(staying))
                journal._record_totals()
            with explain_errors(path):  # into the file itself: one that is copied without its log is still this run
                journal.connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
            sync(path.parent)
            opened.pop_all()
            return journal

    def _record_job(self, job: Job, staging: Staging) -> frozenset[str]:
        """Record the run, and what it writes besides bindings; return the children that stay where they are."""
        plan, rows = job.plan, self.connection
        rows.execute(
            "INSERT INTO run VALUES (:id, :format, :command, :store, :dialect, :status, :started, NULL, "
            ":chunk_size, :undoes, :partial, NULL, :relocates, :announces, :number, :backup)",
            asdict(self.entry) | {"format": WITH_MERGE if plan.merge else FORMAT},
        )
        rows.executemany("INSERT INTO restore VALUES (?, ?, ?, ?, ?, ?)", job.prepared_edits)
        rows.executemany(
            "INSERT INTO project VALUES (?, ?, ?, ?, ?)",
            [(p.change.id, p.change.worktree, p.change.vcs, "register" if p.register else "unregister", p.registered)
             for p in job.projects],
        )  # fmt: skip
        rows.executemany("INSERT INTO project_update VALUES (?, ?, ?)", map(update_row, plan.updates))
        rows.executemany("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", job.carried)
        staying = staging.staying_descendants()
        if plan.merge is not None:
            known = {change.session for change in plan.changes}
            self._record_merge(plan.merge, job.source, known, {change.root for change in plan.changes})
            staying |= staging.store.children(known).keys() - known  # their parent was missing, and comes
        return staying

    def _record_merge(self, merge: Merge, source: str | None, known: Collection[str], roots: Collection[str]) -> None:
        """Record a merge, the `known` sessions that come or go with their files, and what was here of their trees."""
        merged = [
            session[:6]
            for session in merge.sessions
            if session.session in known or (session.root in roots and session.verdict is not MergeVerdict.NEW)
        ]
        files = [file for file in merge.files if file.session in known]
        self.connection.execute("INSERT INTO merge VALUES (?, ?, ?)", [merge.other, merge.taken_out, source])
        self.connection.executemany("INSERT INTO merged VALUES (?, ?, ?, ?, ?, ?)", merged)
        self.connection.executemany("INSERT INTO companion VALUES (?, ?, ?, ?)", files)
        self.connection.executemany("INSERT INTO folder VALUES (?)", zip(merge.folders))

    def _record_totals(self) -> None:
        """Record how many rows each table has, so that a journal that lost some is found out."""
        for table in COUNTED:
            digest = digest_of(self.connection, table) if table in DIGESTED else None
            self.connection.execute(f"INSERT INTO total SELECT '{table}', count(*), ? FROM {table}", [digest])

    def _hold(self) -> None:
        """Let others see that the run is going on, until the file is closed."""
        with explain_errors(self.path):
            try:
                self._let_go = hold(self.path)
            except BlockingIOError:
                raise MigratorError(f"Run {self.path.stem} is going on; wait for its end.") from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with explain_errors(self.path), transaction(self.connection):
            yield
        self.file.why_changed()  # which remembers how long the log is now

    def give_up(self) -> None:
        """Record that the run can't be taken back any more: snapshots that this needs are about to be removed."""
        with self._transaction():
            self.connection.execute("CREATE TABLE IF NOT EXISTS given_up (at INTEGER)")
            self.connection.execute("INSERT INTO given_up VALUES (?)", [now_ms()])

    def take_up(self) -> None:
        """Take back `give_up`: they could not be removed."""
        with self._transaction():
            self.connection.execute("DROP TABLE given_up")

    # -- chunks --------------------------------------------------------------------------------------------------

    def intend(self, number: int, first: int, last: int, edits: Sequence[Edit]) -> None:
        """Record that chunk `number` is about to change the sessions `first` to `last` and these values."""
        with self._transaction():
            self.connection.execute("INSERT INTO chunk VALUES (?, ?, ?)", [number, first, last])
            self.connection.executemany(f"INSERT INTO edit VALUES ({number}, ?, ?, ?, ?, ?, ?)", edits)
            self._count(chunks=1, edits=len(edits))

    def forget(self, number: int) -> None:
        """Delete the record of a chunk that was never committed."""
        with self._transaction():
            edits = self.connection.execute("DELETE FROM edit WHERE chunk = ?", [number]).rowcount
            self.connection.execute("DELETE FROM chunk WHERE number = ?", [number])
            self._count(chunks=-1, edits=-edits)

    def forget_unwritten(self, is_written: Callable[[Sequence[Change], Sequence[Edit]], bool]) -> int:
        """Forget the chunks that were never committed; return the number of the first change that is still to be made.

        `is_written` is asked about every chunk before any is forgotten: it may raise.
        """
        asked = [(n, last, is_written(self.changes(first, last), self.edits(n))) for n, first, last in self.chunks()]
        for number, last, written in asked:
            if written:
                return last + 1
            self.forget(number)
        return 1

    def _count(self, *, chunks: int, edits: int) -> None:
        """Let the totals be so much greater; older journals have none."""
        if self._has_totals:
            self.connection.executemany(
                "UPDATE total SET rows = rows + ? WHERE name = ?", [(chunks, "chunk"), (edits, "edit")]
            )

    @cached_property
    def _has_totals(self) -> bool:
        return self.has_table("total")

    # -- how it ended --------------------------------------------------------------------------------------------

    def mark(self, status: RunStatus, verified: int | None = None) -> None:
        """Record the status of the run and the time, and how many sessions were verified."""
        entry = self.entry
        verified = entry.verified if verified is None else verified
        with self._transaction():
            self.connection.execute(
                "UPDATE run SET status = ?, finished = ?, verified = ?", [status.value, now_ms(), verified]
            )
        self.entry = replace(entry, status=status, verified=verified)

    def mark_rolled_back(self, *, is_whole: bool) -> bool:
        """Record that nothing of the run is in the database any more; return whether nobody takes it for cut off.

        A journal that isn't whole, or can't be written to, is removed for that. If another file has its name by now,
        that is left alone, and none of our log is left beside it.
        """
        with suppress(MigratorError):
            self.mark(RunStatus.ROLLED_BACK)
            if is_whole and self.file.why_changed() is None:
                return True
        with suppress(MigratorError):
            if not self.file.is_in_place:
                with suppress(sqlite3.Error):
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with suppress(sqlite3.Error):
                self.close()
            if self.file.is_in_place or not is_there(self.path):
                remove_journal(self.path)
            return not self.file.is_in_place
        return False

    def why_not_whole(self) -> str | None:
        """Return in words what is missing for others in what we have written; None if nothing is."""
        sql = "SELECT (SELECT status FROM run), (SELECT count(*) FROM chunk), (SELECT max(seq) FROM change)"
        try:
            with closing(sqlite3.connect(file_uri(self.path, "mode=ro"), uri=True)) as reader:
                is_whole = reader.execute(sql).fetchall() == self.connection.execute(sql).fetchall()
        except sqlite3.Error as error:
            return f"{self.path} can't be read any more ({error})"
        return None if is_whole else f"{self.path} has lost part of the run"

    def go_on(self, store: Path) -> None:
        """Record that the run goes on, or is taken back, on a database at this path; it may have been moved there.

        Raises MigratorError if it is going on already, which can only be on another copy of its database.
        """
        self._hold()
        if self.entry.store != (where := valid_text(str(store))):
            with explain_errors(self.path):
                self.connection.execute("UPDATE run SET store = ?", [where])
            self.entry = replace(self.entry, store=where)
