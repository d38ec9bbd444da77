"""The journal: one SQLite file for each run, in the user's state directory, never in opencode's database.

A chunk's intent is durable here before the chunk commits there, with every value as it was. Nothing in the journal
says that a chunk is done: after a crash the rows themselves say which side of the commit they are on.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Self

from migrator.errors import MigratorError, NoSuchRun
from migrator.execution.journal_rows import Carried, ProjectEdit, RunEntry
from migrator.execution.update_rows import read_update, update_row
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
from migrator.state_dir import now_ms, runs_directory, sync
from migrator.store.connection import transaction
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from migrator.execution.journal_rows import Job
    from migrator.store.staging import Staging

FORMAT = 3
"""1 knew nothing of updates, 2 nothing of opencode 2: whoever knows only that must not take back half of a run."""

_FORMAT_OF_V1 = 2

_TABLES = """
    CREATE TABLE run (id TEXT, format INTEGER, command TEXT, store TEXT, dialect TEXT, status TEXT, started INTEGER,
        finished INTEGER, chunk_size INTEGER, undoes TEXT, partial INTEGER, verified INTEGER, relocates INTEGER,
        announces INTEGER);
    CREATE TABLE binding (id INTEGER PRIMARY KEY, project_id TEXT, directory TEXT, path TEXT, workspace_id TEXT);
    CREATE TABLE change (seq INTEGER PRIMARY KEY, session TEXT, root TEXT, title TEXT, undo TEXT,
        before INTEGER, after INTEGER);
    CREATE TABLE chunk (number INTEGER PRIMARY KEY, first INTEGER, last INTEGER);
    CREATE TABLE edit (chunk INTEGER, "table" TEXT, "column" TEXT, key TEXT, session TEXT, before, after);
    CREATE INDEX edit_chunk ON edit (chunk);
    CREATE TABLE restore ("table" TEXT, "column" TEXT, key TEXT, session TEXT, before, after);
    CREATE INDEX restore_session ON restore (session);
    CREATE TABLE project (id TEXT PRIMARY KEY, worktree TEXT, vcs TEXT, action TEXT, registered INTEGER);
    CREATE TABLE project_update (id TEXT PRIMARY KEY, vcs TEXT, paths TEXT);
    CREATE TABLE snapshot (source TEXT, source_worktree TEXT, target TEXT, target_worktree TEXT, made INTEGER)
"""


class Journal:
    """One run's journal, open. Every writing method returns only when what it wrote is on the disk."""

    def __init__(self, path: Path) -> None:
        import sqlite3

        self.path = path
        with _explained(path):
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")

    @cached_property
    def db(self) -> Database:
        """The same file as sqlite-utils has it, for reading; a move of many sessions does without its import."""
        from sqlite_utils import Database

        return Database(self.connection, recursive_triggers=False, execute_plugins=False)

    @classmethod
    def begin(cls, job: Job, staging: Staging, command: str, chunk_size: int | None) -> Journal:
        """Write down everything a run intends, before anything is written to the database.

        `staging` holds the changes of the job's plan. Snapshots were carried before, which harms nobody. A file without
        a row in `run` is no run: the row is written in one transaction with all but the changes, which come first.
        """
        import sqlite3

        plan, now = job.plan, now_ms()
        path = _new_file(now)
        with _explained(path):
            with closing(sqlite3.connect(path)) as new:  # not yet with a write-ahead log: pages are written once
                new.executescript(f"BEGIN; {_TABLES}; COMMIT")
            with staging.attach_journal(path) as copying:
                copying.execute("INSERT INTO journal.binding SELECT * FROM temp.binding")
                copying.execute(
                    "INSERT INTO journal.change SELECT seq, session, root, title, undo, before, after "
                    "FROM temp.change JOIN temp.way ON way.id = change.way"
                )
        journal = cls(path)
        write = journal.connection
        format_ = _FORMAT_OF_V1 if plan.dialect == "v1" else FORMAT
        with journal._transaction():
            write.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, NULL, ?, ?)",
                [path.stem, format_, command, plan.store, plan.dialect, RunStatus.RUNNING.value, now, chunk_size,
                 job.undoes, job.partial, plan.relocated is not None, plan.announce],
            )  # fmt: skip
            write.executemany("INSERT INTO restore VALUES (?, ?, ?, ?, ?, ?)", job.restores)
            write.executemany(
                "INSERT INTO project VALUES (?, ?, ?, ?, ?)",
                [(p.change.id, p.change.worktree, p.change.vcs, "register" if p.register else "unregister",
                  p.registered) for p in job.projects],
            )  # fmt: skip
            write.executemany("INSERT INTO project_update VALUES (?, ?, ?)", map(update_row, plan.updates))
            write.executemany("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", job.carried)
        sync(path.parent)
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        import sqlite3

        self.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _explained(self.path), transaction(self.connection):
            yield

    # -- what the run is -----------------------------------------------------------------------------------------

    @property
    def entry(self) -> RunEntry:
        """The run as `log` shows it."""
        row = next(self.db["run"].rows, None) if self.db["run"].exists() else None
        if row is None:  # cut off before it began
            raise NoSuchRun(f"There is no run {self.path.stem}; `opencode-migrator log` lists them.")
        if row["format"] > FORMAT:
            raise MigratorError(f"Run {row['id']} was written by a newer opencode-migrator; upgrade to read it.")
        return RunEntry(
            row["id"], row["command"], row["store"], RunStatus(row["status"]), row["started"],
            self.db["change"].count, row["undoes"], bool(row.get("partial")), row["verified"] or 0,
            bool(row.get("relocates")),
        )  # fmt: skip

    @cached_property
    def dialect(self) -> str:
        """The dialect of the store the run was made for."""
        ((dialect,),) = self.connection.execute("SELECT dialect FROM run").fetchall()
        return str(dialect)

    @cached_property
    def announces(self) -> bool:
        """Whether the run tells the model of another directory, where that is opencode 2's."""
        if self.dialect == "v1":  # an old journal has no such column
            return False
        ((announces,),) = self.connection.execute("SELECT announces FROM run").fetchall()
        return bool(announces)

    @property
    def undoes(self) -> str | None:
        """The id of the run that this one takes back."""
        ((undoes,),) = self.connection.execute("SELECT undoes FROM run").fetchall()
        return None if undoes is None else str(undoes)

    def sessions(self) -> frozenset[str]:
        """Return the ids of the sessions that the run changes."""
        return frozenset(id_ for (id_,) in self.connection.execute("SELECT session FROM change"))

    @property
    def chunk_size(self) -> int | None:
        """How many sessions the run takes at a time."""
        ((size,),) = self.connection.execute("SELECT chunk_size FROM run").fetchall()
        return None if size is None else int(size)

    def changes(self, first: int = 1, last: int | None = None) -> list[Change]:
        """Return the changes with sequence numbers from `first` to `last`, counted from 1."""
        sql = "SELECT session, root, title, undo, before, after FROM change WHERE seq BETWEEN ? AND ? ORDER BY seq"
        bindings = {number: Binding(*bound) for number, *bound in self.connection.execute("SELECT * FROM binding")}
        undos = {undo.value: undo for undo in FileUndo}
        return [
            Change(session, root, title, (), bindings[before], bindings[after], undos[undo])
            for session, root, title, undo, before, after in self.connection.execute(
                sql, [first, last if last is not None else 2**62]
            )
        ]

    def projects(self) -> list[ProjectEdit]:
        """Return the project rows that the run registers or takes out."""
        return [
            ProjectEdit(ProjectChange(id_, worktree, ProjectAction.REGISTER, vcs), action == "register", registered)
            for id_, worktree, vcs, action, registered in self.connection.execute("SELECT * FROM project").fetchall()
        ]

    def updates(self) -> list[ProjectChange]:
        """Return the project rows that the run changes, every value before and after."""
        rows = self.connection.execute("SELECT * FROM project_update").fetchall() if self._knows_updates else []
        return [read_update(*row) for row in rows]

    @cached_property
    def _knows_updates(self) -> bool:
        """Whether this journal knows of updates, as those of format 2 do."""
        return self._has("project_update")

    def _has(self, table: str) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone())

    def carried(self) -> list[Carried]:
        """Return between which snapshot repositories the run has brought objects; older journals don't know."""
        rows = self.connection.execute("SELECT * FROM snapshot").fetchall() if self._has("snapshot") else []
        return [Carried(source, of, target, to, bool(made)) for source, of, target, to, made in rows]

    def give_up(self) -> None:
        """Write down that the run can't be taken back any more, since what that needs is about to be removed."""
        with self._transaction():
            self.connection.execute("CREATE TABLE IF NOT EXISTS given_up (at INTEGER)")
            self.connection.execute("INSERT INTO given_up VALUES (?)", [now_ms()])

    @property
    def is_given_up(self) -> bool:
        """Whether `give_up` was called."""
        return self._has("given_up")

    def restores(self, first: int, last: int) -> list[Edit]:
        """Return the values that an undo run sets back in the sessions `first` to `last`."""
        sql = (
            "SELECT restore.* FROM change CROSS JOIN restore ON restore.session = change.session "
            "WHERE change.seq BETWEEN ? AND ?"
        )
        return [Edit(*row) for row in self.connection.execute(sql, [first, last]).fetchall()]

    # -- chunks --------------------------------------------------------------------------------------------------

    def intend(self, number: int, first: int, last: int, edits: Sequence[Edit]) -> None:
        """Write down that chunk `number` changes the sessions `first` to `last` and these values."""
        with self._transaction():
            self.connection.execute("INSERT INTO chunk VALUES (?, ?, ?)", [number, first, last])
            self.connection.executemany(f"INSERT INTO edit VALUES ({number}, ?, ?, ?, ?, ?, ?)", edits)

    def forget(self, number: int) -> None:
        """Strike the intent of a chunk that never committed."""
        with self._transaction():
            self.connection.execute("DELETE FROM edit WHERE chunk = ?", [number])
            self.connection.execute("DELETE FROM chunk WHERE number = ?", [number])

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """Yield (number, first, last) of every intended chunk, newest first."""
        yield from self.connection.execute("SELECT number, first, last FROM chunk ORDER BY number DESC").fetchall()

    def edits(self, number: int | None = None) -> list[Edit]:
        """Return the value edits of one chunk, or of all."""
        sql = 'SELECT "table", "column", key, session, before, after FROM edit'
        rows = self.connection.execute(
            sql + (" WHERE chunk = ?" if number is not None else ""), [number] * (number is not None)
        )
        return [Edit(*row) for row in rows.fetchall()]

    # -- how it ended --------------------------------------------------------------------------------------------

    def mark(self, status: RunStatus, verified: int | None = None) -> None:
        """Write down how far the run is."""
        with _explained(self.path):
            self.connection.execute(
                "UPDATE run SET status = ?, finished = ?, verified = coalesce(?, verified)",
                [status.value, now_ms(), verified],
            )

    def outcome(self, conflicts: Sequence[str] = (), warnings: Sequence[PlanWarning] = ()) -> Run:
        """Return the run as it ended."""
        sql = (
            "SELECT id, status, (SELECT count(*) FROM change), (SELECT count(*) FROM chunk), verified, undoes, "
            "NOT EXISTS (SELECT 1 FROM change) OR EXISTS (SELECT 1 FROM change WHERE before <> after), "
            "(SELECT count(*) FROM change WHERE session NOT IN (SELECT session FROM edit)) FROM run"
        )
        ((run, status, sessions, chunks, verified, undoes, moved, mended),) = self.connection.execute(sql).fetchall()
        return Run(
            run, RunStatus(status), sessions, chunks, verified or 0, tuple(conflicts), tuple(warnings), undoes,
            len(self.updates()),
            bool(moved),
            0 if moved else mended,
        )  # fmt: skip


def _new_file(now: int) -> Path:
    """Make the empty file of a run that begins now; its name is the run's id, and may be drawn twice in a second."""
    second = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now / 1000))
    while True:
        path = runs_directory() / f"{second}-{secrets.token_hex(2)}.db"
        with _explained(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _explained(path), suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            return path


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    import sqlite3

    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> MigratorError:
    what = (isinstance(error, OSError) and error.strerror) or str(error)
    if "malformed" in what or "not a database" in what:
        return MigratorError(
            f"The journal {path} is damaged ({what}), and its run may have been cut off: put a good copy of it there, "
            "or, if nothing of that run is to be taken back, move it out of that directory.",
        )
    return MigratorError(
        f"The journal {path} can't be used ({what}), and without one nothing is written, since nothing could be "
        "taken back: see to the disk and its permissions, or name another directory in XDG_STATE_HOME.",
    )
