"""The journal: one SQLite file for each run, in the user's state directory, never in opencode's database.

A chunk's intent is durable here before the chunk commits there, with every value as it was. Nothing in the journal
says that a chunk is done: after a crash the rows themselves say which side of the commit they are on.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from migrator.disk.ownership import give, make_directory, owner_of
from migrator.disk.status import is_there, why_not_writable
from migrator.errors import MigratorError, NoSuchRun
from migrator.execution.journal_rows import (
    COUNTED,
    DIGESTED,
    TABLES,
    Carried,
    ProjectEdit,
    RunEntry,
    digest_of,
    read_update,
    update_row,
)
from migrator.execution.run_lock import hold, is_held
from migrator.model import (
    Binding,
    Change,
    FileUndo,
    PlanWarning,
    ProjectAction,
    ProjectChange,
    Run,
    RunStatus,
)
from migrator.state_dir import how_to_open, now_ms, runs_directory, sync
from migrator.store.connection import file_uri, transaction
from migrator.store.file_signature import FileSignature
from migrator.store.open_file import OpenFile
from migrator.store.reader import IN, array_of
from migrator.store.writer import Edit
from migrator.text import valid_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from migrator.disk.ownership import Owner
    from migrator.execution.journal_rows import Job
    from migrator.store.staging import Staging

FORMAT = 4
"""Format 2 added project updates, 3 added opencode 2, 4 added `total` and numbers runs.

Older readers refuse, so that they never undo half a run, nor take runs in another order.
"""


class Journal:
    """One run's journal, open. Every writing method returns only when what it wrote is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_is_file(path)
        self.file = OpenFile(path)
        self._held: int | None = None
        with _explain_errors(path):
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute("PRAGMA journal_size_limit = -1")  # Apple's SQLite shortens the log otherwise
        self.file.why_changed()  # which sees the log now

    @classmethod
    def begin(cls, job: Job, staging: Staging, command: str, chunk_size: int | None, number: int) -> Journal:
        """Record everything that a run is about to do, before anything is written to the database.

        `staging` holds the changes of the job's plan, and `number` is greater than that of any run before it. Snapshots
        were carried before, which harms nobody. A file without a row in `run` is no run: the row is written in one
        transaction with all but the changes, which come first. Where that fails, no file is left.
        """
        plan, now = job.plan, now_ms()
        path = _new_file(now, owner_of(plan.store))
        with _whole_or_removed(path), ExitStack() as opened:
            with closing(sqlite3.connect(path)) as new:  # not yet with a write-ahead log: pages are written once
                new.executescript(f"BEGIN; {TABLES}; COMMIT")
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
                path.stem, valid_text(command), valid_text(plan.store), plan.dialect, RunStatus.RUNNING, now,
                len(plan.changes), chunk_size, job.undoes, job.partial, 0, plan.relocated is not None, plan.announce,
                number,
            )  # fmt: skip
            write = journal.connection
            with journal._transaction():
                write.execute(
                    "INSERT INTO run VALUES (:id, :format, :command, :store, :dialect, :status, :started, NULL, "
                    ":chunk_size, :undoes, :partial, NULL, :relocates, :announces, :number)",
                    asdict(journal.entry) | {"format": FORMAT},
                )
                write.executemany("INSERT INTO restore VALUES (?, ?, ?, ?, ?, ?)", job.prepared_edits)
                write.executemany(
                    "INSERT INTO project VALUES (?, ?, ?, ?, ?)",
                    [(p.change.id, p.change.worktree, p.change.vcs, "register" if p.register else "unregister",
                      p.registered) for p in job.projects],
                )  # fmt: skip
                write.executemany("INSERT INTO project_update VALUES (?, ?, ?)", map(update_row, plan.updates))
                write.executemany("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", job.carried)
                write.executemany("INSERT INTO staying VALUES (?)", zip(staging.staying_descendants()))
                for table in COUNTED:
                    digest = digest_of(write, table) if table in DIGESTED else None
                    write.execute(f"INSERT INTO total SELECT '{table}', count(*), ? FROM {table}", [digest])
            sync(path.parent)
            opened.pop_all()
            return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Close the file, and let go of it."""
        self.connection.close()
        if self._held is not None:  # last: closing any descriptor of a file drops the locks of SQLite on it
            os.close(self._held)
            self._held = None

    def _hold(self) -> None:
        """Let others see that the run is going on, until the file is closed."""
        with _explain_errors(self.path):
            try:
                self._held = hold(self.path)
            except BlockingIOError:
                raise MigratorError(f"Run {self.path.stem} is going on; wait for its end.") from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _explain_errors(self.path), transaction(self.connection):
            yield
        self.file.why_changed()  # which remembers how long the log is now

    # -- what the run is -----------------------------------------------------------------------------------------

    @cached_property
    def entry(self) -> RunEntry:
        """The run as `log` shows it. Everything that is read here begins with it: it is the gate of all journals.

        Raises NoSuchRun if it was cut off before it began, and MigratorError if the journal doesn't add up.
        """
        from migrator.execution.journal_check import check, read_entry

        row = self._run_row()
        layout = row.get("format")
        if not isinstance(layout, int):
            raise _damaged(self.path, f"it doesn't add up: {layout!r} is no format")
        if layout > FORMAT:
            raise MigratorError(f"Run {self.path.stem} was written by a newer opencode-migrator; upgrade to read it.")
        try:
            ((sessions,),) = self.connection.execute("SELECT count(*) FROM change").fetchall()
            entry = read_entry(row, sessions, self.path.stem)
            signature = FileSignature.of(self.path).files
            if _believed.get(self.path) != signature:
                check(self.connection, entry, layout)
                _believed[self.path] = signature
        except ValueError as error:
            raise _damaged(self.path, f"it doesn't add up: {error}") from error
        return replace(entry, is_running=is_held(self.path)) if entry.unfinished else entry

    def _run_row(self) -> dict[str, Any]:
        """Return the row of the run. What comes first when a run begins is an empty file, then one without a run."""
        tables = {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master").fetchall()}
        run = self.connection.execute("SELECT * FROM run") if "run" in tables else None
        rows = run.fetchall() if run else []
        if run is None or len(rows) != 1:
            if tables and (run is None or rows or self.connection.execute("SELECT 1 FROM chunk").fetchone()):
                raise _damaged(self.path, f"it doesn't add up: it has {len(rows)} runs")
            raise NoSuchRun(f"There is no run {self.path.stem}; `opencode-migrator log` lists them.")
        return dict(zip((name for name, *_ in run.description), rows[0], strict=True))

    def session_ids(self) -> frozenset[str]:
        """Return the ids of the sessions that the run changes, much faster than `changes` does."""
        return frozenset(id_ for (id_,) in self.connection.execute("SELECT session FROM change"))

    def staying(self) -> frozenset[str] | None:
        """Return the sessions in the trees of those that move that stay as they are; None in older journals."""
        return frozenset(id_ for (id_,) in self._rows("staying")) if self.has_table("staying") else None

    def moves(self, sessions: Iterable[str] | None = None) -> dict[str, tuple[Binding, Binding]]:
        """Map the sessions that the run moves, or those of `sessions`, to their bindings before and after."""
        sql, values = "SELECT session, before, after FROM change WHERE before <> after", []
        if sessions is not None:
            sql, values = f"{sql} AND session {IN}", [array_of(sessions)]
        bindings = self._bindings()
        return {id_: (bindings[old], bindings[new]) for id_, old, new in self.connection.execute(sql, values)}

    def _bindings(self) -> dict[int, Binding]:
        return {number: Binding(*bound) for number, *bound in self.connection.execute("SELECT * FROM binding")}

    def changes(self, first: int = 1, last: int | None = None) -> list[Change]:
        """Return the changes with sequence numbers from `first` to `last`, counted from 1."""
        sql = "SELECT session, root, title, undo, before, after FROM change WHERE seq BETWEEN ? AND ? ORDER BY seq"
        rows = self.connection.execute(sql, [first, 2**62 if last is None else last])
        bindings = self._bindings()
        undos = {undo.value: undo for undo in FileUndo}
        return [
            Change(session, root, title, (), bindings[before], bindings[after], undos[undo])
            for session, root, title, undo, before, after in rows
        ]

    def projects(self) -> list[ProjectEdit]:
        """Return the project rows that the run registers or takes out."""
        return [
            ProjectEdit(ProjectChange(id_, worktree, ProjectAction.REGISTER, vcs), action == "register", registered)
            for id_, worktree, vcs, action, registered in self.connection.execute("SELECT * FROM project").fetchall()
        ]

    def updates(self) -> list[ProjectChange]:
        """Return the project rows that the run changes, every value before and after."""
        return [read_update(*row) for row in self._rows("project_update")]

    def carried(self) -> list[Carried]:
        """Return the pairs of snapshot repositories between which the run copied objects."""
        return [Carried._make([*paths, bool(made)]) for *paths, made in self._rows("snapshot")]

    def _rows(self, table: str) -> list[Any]:
        """Return the rows of a table that older journals don't have; then there are none."""
        return self.connection.execute(f"SELECT * FROM {table}").fetchall() if self.has_table(table) else []

    def has_table(self, name: str) -> bool:
        """Tell whether there is such a table: older journals have fewer, one that was cut off at once has none."""
        return bool(self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone())

    def give_up(self) -> None:
        """Record that the run can't be taken back any more: snapshots that this needs are about to be removed."""
        with self._transaction():
            self.connection.execute("CREATE TABLE IF NOT EXISTS given_up (at INTEGER)")
            self.connection.execute("INSERT INTO given_up VALUES (?)", [now_ms()])

    def take_up(self) -> None:
        """Take back `give_up`: they could not be removed."""
        with self._transaction():
            self.connection.execute("DROP TABLE given_up")

    @property
    def is_given_up(self) -> bool:
        """Whether `give_up` was called."""
        return self.has_table("given_up")

    def restores(self, first: int, last: int) -> list[Edit]:
        """Return the `restores` of the job that belong to the sessions `first` to `last`."""
        sql = (
            "SELECT restore.* FROM change CROSS JOIN restore ON restore.session = change.session "
            "WHERE change.seq BETWEEN ? AND ?"
        )
        return [Edit(*row) for row in self.connection.execute(sql, [first, last]).fetchall()]

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

    def _count(self, *, chunks: int, edits: int) -> None:
        """Let the totals be so much greater; older journals have none."""
        if self._has_totals:
            self.connection.executemany(
                "UPDATE total SET rows = rows + ? WHERE name = ?", [(chunks, "chunk"), (edits, "edit")]
            )

    @cached_property
    def _has_totals(self) -> bool:
        return self.has_table("total")

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """Yield (number, first, last) of every recorded chunk, newest first."""
        yield from self.connection.execute("SELECT number, first, last FROM chunk ORDER BY number DESC").fetchall()

    def edits(self, number: int | None = None) -> list[Edit]:
        """Return the value edits of one chunk, or of all."""
        where, values = ("", []) if number is None else ("WHERE chunk = ?", [number])
        sql = f'SELECT "table", "column", key, session, before, after FROM edit {where}'
        return [Edit(*row) for row in self.connection.execute(sql, values).fetchall()]

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

        A journal that isn't whole, or can't be written to, is removed for that. What has its name, if that isn't ours,
        is left alone, and without our log.
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
                _remove(self.path)
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
            with _explain_errors(self.path):
                self.connection.execute("UPDATE run SET store = ?", [where])
            self.entry = replace(self.entry, store=where)

    def outcome(self, conflicts: Sequence[str] = (), warnings: Sequence[PlanWarning] = ()) -> Run:
        """Return the run as it ended."""
        sql = (
            "SELECT (SELECT count(*) FROM chunk), "
            "NOT EXISTS (SELECT 1 FROM change) OR EXISTS (SELECT 1 FROM change WHERE before <> after), "
            "(SELECT count(*) FROM change WHERE session NOT IN (SELECT session FROM edit))"
        )
        entry, (chunks, moved, mended) = self.entry, self.connection.execute(sql).fetchone()
        return Run(
            entry.id, entry.status, entry.sessions, chunks, entry.verified, tuple(conflicts), tuple(warnings),
            entry.undoes, len(self.updates()), bool(moved), 0 if moved else mended,
        )  # fmt: skip


def _new_file(now: int, owner: Owner | None) -> Path:
    """Create the empty file of a run that begins now; its name is the run's id. A name that exists is drawn again.

    It is its owner's, and so is what SQLite makes beside it.
    """
    second = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now / 1000))
    while True:
        path = runs_directory(owner) / f"{second}-{secrets.token_hex(2)}.db"
        with _explain_errors(path):
            given = make_directory(path.parent, owner, 0o700)
        with _explain_errors(path), suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL, 0o600)
            give(descriptor, given)
            os.close(descriptor)
            return path


@contextmanager
def _whole_or_removed(path: Path) -> Iterator[None]:
    """Remove a journal that can't be written whole, so that nobody takes it for a run that was cut off."""
    try:
        with _explain_errors(path):
            yield
    except BaseException:
        _remove(path)
        raise


def _remove(path: Path) -> None:
    """Remove a journal, with what SQLite has beside it."""
    for suffix in ("-wal", "-shm", "-journal", ""):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def why_no_journal(store: str) -> str | None:
    """Return why no journal could be written for a run on a database, and what to do; None if one could."""
    nearest = folder_of_journals(store)
    why = why_not_writable(nearest)
    return why and f"{why}, and journals are kept there: {how_to_open(nearest)}"


def folder_of_journals(store: str) -> Path:
    """Return where the journals of runs on a database are kept, or the nearest directory above that exists."""
    return _nearest(runs_directory(owner_of(store)))


def _nearest(path: Path) -> Path:
    """Return the path itself if it exists, else the nearest above it that does."""
    return next(above for above in (path, *path.parents) if os.path.lexists(above))


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> MigratorError:
    what = (isinstance(error, OSError) and error.strerror) or str(error)
    nearest = _nearest(path)
    why = why_not_writable(nearest)
    if any(word in what for word in _DAMAGED):
        return _damaged(path, what)
    if why and nearest == path:
        return MigratorError(
            f"A journal can't be read, and its run may have been cut off ({why}): {how_to_open(path)}."
        )
    aside = "; if nothing of its run is to be taken back, move it out of that directory" if nearest == path else ""
    return MigratorError(
        f"The journal {path} can't be used ({why or what}), and without one nothing is written, "
        f"since nothing could be taken back: {how_to_open(nearest)}{aside}.",
    )


def _check_is_file(path: Path) -> None:
    """Refuse what SQLite would wait for, or create: a pipe, a link that leads nowhere."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except PermissionError:
        return  # as opening it will say
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    if not is_file:
        raise _damaged(path, "it is no file")


_DAMAGED = ("malformed", "not a database", "no such", "Could not decode")
"""What SQLite says of a file that isn't as we wrote it, rather than of the disk."""


def _damaged(path: Path, what: str) -> MigratorError:
    return MigratorError(
        f"The journal {path} is damaged ({what}), and its run may have been cut off: put a good copy of it there, "
        "or, if nothing of that run is to be taken back, move it out of that directory.",
    )


_believed: dict[Path, object] = {}
"""The journals that this process has found to add up, each as it was then."""
