"""Writing, always compare-and-set: a row that isn't what it was expected to be is never overwritten."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.disk.mounts import locks_of
from migrator.errors import DatabaseInUse, MigratorError
from migrator.face import who_else_may_write
from migrator.progress import doing
from migrator.store.connection import closed_if_unusable, transaction
from migrator.store.open_by import OpenBy, in_use_error, until_free, who_has_open
from migrator.store.open_file import OpenFile
from migrator.store.reader import Store
from migrator.store.sql import WHOLE, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from migrator.model import ProjectChange, Row
    from migrator.output.output_file import OutputFile


class Edit(NamedTuple):
    """One value: of the row with primary key `key`, which belongs to `session`.

    Where `column` is WHOLE, `before` and `after` are rows as JSON objects: None before, it is inserted, and None
    after, it is deleted.
    """

    table: str
    column: str
    key: str
    session: str
    before: Any
    after: Any


class Writer(Store):
    """An opencode database that nobody else can open as long as we have it."""

    def __init__(
        self,
        path: Path,
        wait_seconds: float = 0.0,
        waiting: Callable[[], None] = lambda: None,
        *,
        trust_locks: bool = False,
    ) -> None:
        """Take the exclusive lock and keep it until `close`.

        With `locking_mode=EXCLUSIVE` the lock outlives each transaction, so no opencode can start between two chunks
        and write back a row that it read before. It fails if and only if any other connection is open, even an idle
        one (tried with opencode 1.18.34). Raises DatabaseInUse, naming the processes where the system tells.
        `waiting` is called before each new try. Where locks may not hold, it is refused unless `trust_locks` says that
        nobody else has it open.
        """
        check_locks(path, trusted=trust_locks)

        def lock() -> None:
            try:
                self._lock(path)
            except DatabaseInUse:
                check_writable(path)
                raise

        until_free(lock, wait_seconds, waiting)

    def _lock(self, path: Path) -> None:
        if (found := who_has_open(path)).is_open:
            from migrator.store.opencode_2.services import named_services

            raise in_use_error(path, found._replace(holders=named_services(found.holders, path)), can_wait=True)
        self.file = OpenFile(path, self.size)
        super().__init__(path, write=True, busy_seconds=0)
        with closed_if_unusable(self):
            self._check_writable()
            with self.translate_errors():
                self.connection.execute("PRAGMA main.locking_mode = EXCLUSIVE")  # not of what will be attached
                with transaction(self.connection, "BEGIN EXCLUSIVE"):
                    # With a read-only file BEGIN EXCLUSIVE doesn't fail; this UPDATE does.
                    self.connection.execute("UPDATE main.project SET id = id WHERE FALSE")
                self.connection.execute("PRAGMA journal_size_limit = -1")  # Apple's SQLite shortens the log otherwise
            self._check_same()

    def _check_same(self) -> None:
        if what := self.file.why_changed():
            raise MigratorError(f"{what} while it was being opened; try again.")

    def close(self) -> None:
        """Close the file. What waits in the log goes into it first, even if it isn't at its path any more.

        SQLite would leave the log where it is, and another database that is there now would take it for its own.
        """
        with suppress(MigratorError, sqlite3.Error):
            if not self.file.is_in_place:
                self.empty_log()
        super().close()

    def empty_log(self) -> None:
        """Write what waits in the log into the file."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check_writable(self) -> None:
        self.schema.check_writable(self.path)
        if self.schema.has_v2:  # it may run in the background without having the database open just now
            from migrator.store.opencode_2.services import services_at

            if services := services_at(self.path):
                raise in_use_error(self.path, OpenBy(True, services), can_wait=True)

    def back_up(self, target: OutputFile, progress: Callable[[], None]) -> None:
        """Copy the database to a file that only its owner can read, since it holds whole conversations.

        By SQLite's backup API: a plain copy would miss the WAL. `progress` is called after every thousand pages. The
        copy has its name once it is complete and on the disk.
        """
        done = 0

        def report(_: int, left: int, pages: int) -> None:
            nonlocal done
            advance((pages - left) * self.page_size - done)
            done = (pages - left) * self.page_size
            progress()

        with target.beside(self.path) as new, doing("Backing up", self.size(), "B") as advance:
            try:
                with closing(sqlite3.connect(new)) as copy:
                    copy.execute("PRAGMA journal_mode = OFF")
                    copy.execute("PRAGMA synchronous = OFF")
                    self.connection.backup(copy, pages=1000, progress=report)
            except sqlite3.Error as error:
                raise MigratorError(f"The backup {target} can't be written ({error}); nothing was moved.") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all of it or, whatever happens (Ctrl-C too), none of it."""
        with self.translate_errors(), transaction(self.connection):
            yield

    @contextmanager
    def without_foreign_keys(self) -> Iterator[None]:
        """Turn foreign keys off: values to set back may never have met them, as a session without a project row."""
        self.connection.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            self.connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def with_short_log(self) -> Iterator[None]:
        """Write the log into the file now and after each transaction, so that it takes no more space on a full disk."""
        with self.translate_errors():
            self.connection.execute("PRAGMA wal_checkpoint").fetchall()
            self.connection.execute("PRAGMA wal_autocheckpoint = 1")
        try:
            yield
        finally:
            self.connection.execute("PRAGMA wal_autocheckpoint = 1000")

    def edit(self, edits: Sequence[Edit]) -> int:
        """Set single values; return how many still had their `before` value, the only ones that are set."""
        done = 0
        for table, column in dict.fromkeys((edit.table, edit.column) for edit in edits):
            some = [edit for edit in edits if (edit.table, edit.column) == (table, column)]
            if column == WHOLE:
                done += self._edit_rows(table, some)
                continue
            cursor = self.connection.executemany(
                f"UPDATE main.{table} SET {column} = ? WHERE {key_of(table)} = ? AND {column} IS ?",
                [(edit.after, edit.key, edit.before) for edit in some],
            )
            done += cursor.rowcount
        return done

    def _edit_rows(self, table: str, edits: Sequence[Edit]) -> int:
        """Insert rows whose key is free, and delete rows that are still as they were; return how many."""
        known = set(self.columns_of(table))
        shapes: dict[tuple[bool, tuple[str, ...]], list[list[Any]]] = {}
        for edit in edits:
            row = json.loads(edit.before or edit.after)
            if not row.keys() <= known:  # it goes into SQL as it is
                raise MigratorError(f"{self.path}: table {table} has other columns than the journal says.")
            shapes.setdefault((edit.before is None, tuple(row)), []).append([*row.values()])
        done = 0
        for (new, columns), rows in sorted(shapes.items()):  # deletions first: they make room
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO main.{table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
            delete = f"DELETE FROM main.{table} WHERE {_all_equal(columns)}"
            done += self.connection.executemany(insert if new else delete, rows).rowcount
        return done

    def remove_row(self, table: str, row: Row) -> bool:
        """Delete a row if every column still has this value; return whether it was deleted."""
        self._check_columns(table, row)
        sql = f"DELETE FROM main.{table} WHERE {_all_equal(column for column, _ in row)}"
        return self.connection.execute(sql, [value for _, value in row]).rowcount == 1

    def insert_row(self, table: str, row: Row) -> bool:
        """Insert a row of a project, unless its key is taken or the project is gone; return whether it was inserted."""
        self._check_columns(table, row)
        columns, marks = ", ".join(column for column, _ in row), ", ".join("?" * len(row))
        cursor = self.connection.execute(
            f"INSERT OR IGNORE INTO main.{table} ({columns}) SELECT {marks} "
            "WHERE EXISTS (SELECT 1 FROM main.project WHERE id = ?)",
            [*(value for _, value in row), dict(row)["project_id"]],
        )
        return cursor.rowcount == 1

    def _check_columns(self, table: str, row: Row) -> None:
        """Refuse a row from a plan file with other columns than the table: their names go into SQL as they are."""
        if [column for column, _ in row] != self.columns_of(table):
            raise MigratorError(f"{self.path}: table {table} has other columns than the plan says; plan again.")

    # -- projects ------------------------------------------------------------------------------------------------

    def register(self, project: ProjectChange, now: int) -> bool:
        """Insert a project row as opencode would, unless there is one; `now` in milliseconds."""
        times = self._project_times()
        cursor = self.connection.execute(
            f"INSERT OR IGNORE INTO main.project (id, worktree, vcs, {', '.join(times)}, sandboxes) "
            f"VALUES (?, ?, ?, {', '.join('?' * len(times))}, '[]')",
            (project.id, project.worktree, project.vcs, *[now] * len(times)),
        )
        return cursor.rowcount == 1

    def unregister(self, project: ProjectChange, registered: int) -> bool:
        """Delete the row that `register` made at `registered`, if it is unchanged and nothing refers to it.

        Deleting a project row deletes its sessions (ON DELETE CASCADE), so no row of any table may refer to it.
        `main` picks tables, not the views of `schema.make_views`.
        """
        unused = " AND ".join(
            f'NOT EXISTS (SELECT 1 FROM main."{table}" WHERE "{column}" = project.id)'
            for table, column in self._references_to_project()
        )
        times = self._project_times()
        made_then = " AND ".join(f"{column} = ?" for column in times)
        cursor = self.connection.execute(
            f"DELETE FROM main.project WHERE id = ? AND worktree = ? AND vcs IS ? AND {made_then} "
            f"AND sandboxes = '[]' AND {unused}",
            (project.id, project.worktree, project.vcs, *[registered] * len(times)),
        )
        return cursor.rowcount == 1

    def _project_times(self) -> list[str]:
        """Return the columns for the time when a project was made; some versions of opencode 2 have one more."""
        also = ["time_active"] if "time_active" in self.columns_of("project") else []
        return ["time_created", "time_updated", *also]

    def _references_to_project(self) -> list[tuple[str, str]]:
        return self.rows(
            "SELECT t.name, f.\"from\" FROM main.sqlite_master t, pragma_foreign_key_list(t.name, 'main') f "
            "WHERE t.type = 'table' AND f.\"table\" = 'project'",
        )


def check_locks(path: Path, *, trusted: bool) -> None:
    """Raise MigratorError if a database is on a file system where others may not meet our locks, unless `trusted`."""
    if not trusted and not (locks := locks_of(path)).hold:
        raise MigratorError(f"{path} is not written to: {locks.why}; {who_else_may_write()}.")


def check_writable(path: Path) -> None:
    """Raise MigratorError if a database isn't written to, whoever has it open; nothing if that can't be read now."""
    with suppress(DatabaseInUse), Store(path, busy_seconds=0) as store:
        store.schema.check_writable(path)


def _all_equal(columns: Iterable[str]) -> str:
    """Return the condition that each of these columns has the value of its parameter."""
    return " AND ".join(f"{column} IS ?" for column in columns)
