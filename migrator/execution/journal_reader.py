"""What a journal says of its run: it is opened, checked as a whole, and read."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from migrator.errors import MigratorError, NoSuchRun
from migrator.execution.journal_file import check_is_file, damaged, explain_errors, unusable
from migrator.execution.journal_rows import WITH_MERGE, Carried, ProjectEdit, read_update
from migrator.execution.run_lock import is_held
from migrator.model import (
    Binding,
    Change,
    FileUndo,
    Merge,
    MergedFile,
    MergedSession,
    MergeVerdict,
    ProjectAction,
    ProjectChange,
    Run,
)
from migrator.store.connection import closed_if_unusable, make_durable, transaction
from migrator.store.file_signature import FileSignature
from migrator.store.open_file import OpenFile
from migrator.store.sql import IN, array_of
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from migrator.execution.journal_rows import RunEntry
    from migrator.model import PlanWarning

_believed: dict[Path, object] = {}
"""The journals that this process has found to add up, each as it was then."""


class JournalReader:
    """One run's journal, open, until `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        check_is_file(path)
        self.file = OpenFile(path)
        self._let_go: Callable[[], None] | None = None
        with explain_errors(path):
            self.connection = sqlite3.connect(path, isolation_level=None)
        with closed_if_unusable(self.connection):
            with explain_errors(path):
                self.connection.execute("PRAGMA journal_mode = WAL")
                make_durable(self.connection)
                self.connection.execute("PRAGMA journal_size_limit = -1")  # Apple's SQLite shortens the log otherwise
            self.file.why_changed()  # which sees the log now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise unusable(self.path, error) from error

    def close(self) -> None:
        """Close the file, and let go of it."""
        self.connection.close()
        if self._let_go is not None:  # last: closing any descriptor of a file drops the locks of SQLite on it
            self._let_go()
            self._let_go = None

    @cached_property
    def entry(self) -> RunEntry:
        """The run as `log` shows it. Everything that is read here begins with it: it is the gate of all journals.

        Raises NoSuchRun if it was cut off before it began, and MigratorError if the journal doesn't add up.
        """
        entry = self._read_entry()
        if not entry.unfinished:
            return entry
        if (is_running := is_held(self.path)) is False:
            entry = self._read_entry()  # it may have ended since
        return replace(entry, is_running=is_running) if entry.unfinished else entry

    def _read_entry(self) -> RunEntry:
        """Return the run as of one moment: it may be going on, and write meanwhile."""
        from migrator.execution.journal_check import check, read_entry

        signature = FileSignature.of(self.path).files
        with transaction(self.connection, "BEGIN"):
            row = self._run_row()
            layout = row.get("format")
            if not isinstance(layout, int):
                raise damaged(self.path, f"it doesn't add up: {layout!r} is no format")
            if layout > WITH_MERGE:
                name = self.path.stem
                raise MigratorError(f"Run {name} was written by a newer opencode-migrator; upgrade to read it.")
            try:
                ((sessions,),) = self.connection.execute("SELECT count(*) FROM change").fetchall()
                entry = read_entry(row, sessions, self.path.stem)
                if _believed.get(self.path) != signature:
                    check(self.connection, entry, layout)
                    _believed[self.path] = signature
            except ValueError as error:
                raise damaged(self.path, f"it doesn't add up: {error}") from error
        return entry

    def status_as_written(self) -> tuple[str, str]:
        """Return the status of the run and the database that it was made on, whether or not the journal adds up."""
        row = self._run_row()
        return str(row.get("status")), str(row.get("store"))

    def _run_row(self) -> dict[str, Any]:
        """Return the row of the run. What comes first when a run begins is an empty file, then one without a run."""
        tables = {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master").fetchall()}
        run = self.connection.execute("SELECT * FROM run") if "run" in tables else None
        rows = run.fetchall() if run else []
        if run is None or len(rows) != 1:
            if tables and (run is None or rows or self.connection.execute("SELECT 1 FROM chunk").fetchone()):
                raise damaged(self.path, f"it doesn't add up: it has {len(rows)} runs")
            raise NoSuchRun(f"There is no run {self.path.stem}; `opencode-migrator log` lists them.")
        return dict(zip((name for name, *_ in run.description), rows[0], strict=True))

    def session_ids(self) -> frozenset[str]:
        """Return the ids of the sessions that the run changes, much faster than `changes` does."""
        return frozenset(id_ for (id_,) in self.connection.execute("SELECT session FROM change"))

    def staying(self) -> frozenset[str] | None:
        """Return the sessions that stay although others of their tree move; None in older journals."""
        return frozenset(id_ for (id_,) in self._rows("staying")) if self.has_table("staying") else None

    def moves(self, sessions: Iterable[str] | None = None) -> dict[str, tuple[Binding, Binding]]:
        """Map the sessions that the run moves, or those of `sessions`, to their bindings before and after."""
        sql, values = "SELECT session, before, after FROM change WHERE before <> after", []
        if sessions is not None:
            sql, values = f"{sql} AND session {IN}", [array_of(sessions)]
        bindings = self._bindings()
        return {id_: (bindings[old], bindings[new]) for id_, old, new in self.connection.execute(sql, values)}

    def directories(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the directories of the sessions that the run moves, before and after, by name."""
        moved = "TRUE" if self.merge else "before <> after"
        ways = self.connection.execute(f"SELECT DISTINCT before, after FROM change WHERE {moved}").fetchall()
        bindings = self._bindings()
        before, after = ({bindings[way[side]].directory for way in ways} for side in (0, 1))
        return tuple(sorted(before)), tuple(sorted(after))

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

    @cached_property
    def merge(self) -> Merge | None:
        """What the run brings from another database, or takes out again; None if it only moves sessions."""
        if (other := self.other) is None:
            return None
        ((_, taken_out, _),) = self._rows("merge")
        sessions = (
            MergedSession(session, root, title, MergeVerdict(verdict), content, here)
            for session, root, title, verdict, content, here in self._rows("merged")
        )
        files = tuple(MergedFile._make(row) for row in self._rows("companion"))
        folders = tuple(path for (path,) in self._rows("folder"))
        return Merge(other, "", tuple(sessions), files=files, folders=folders, taken_out=bool(taken_out))

    @cached_property
    def other(self) -> str | None:
        """The path of the other database of a merge; None if the run only moves sessions."""
        return next((other for other, _, _ in self._rows("merge")), None)

    @cached_property
    def source(self) -> str | None:
        """The run whose journal keeps the rows that a merge brings back; None if they come from another database."""
        return next((source for _, _, source in self._rows("merge")), None)

    def _rows(self, table: str) -> list[Any]:
        """Return the rows of a table that older journals don't have; then there are none."""
        return self.connection.execute(f"SELECT * FROM {table}").fetchall() if self.has_table(table) else []

    def has_table(self, name: str) -> bool:
        """Tell whether there is such a table: older journals have fewer, one that was cut off at once has none."""
        return bool(self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone())

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

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """Yield (number, first, last) of every recorded chunk, newest first."""
        yield from self.connection.execute("SELECT number, first, last FROM chunk ORDER BY number DESC").fetchall()

    def edits(self, number: int | None = None) -> list[Edit]:
        """Return the value edits of one chunk, or of all."""
        where, values = ("", []) if number is None else ("WHERE chunk = ?", [number])
        sql = f'SELECT "table", "column", key, session, before, after FROM edit {where}'
        return [Edit(*row) for row in self.connection.execute(sql, values).fetchall()]

    def outcome(self, conflicts: Sequence[str] = (), warnings: Sequence[PlanWarning] = ()) -> Run:
        """Return the run as it ended."""
        sql = (
            "SELECT (SELECT count(*) FROM chunk), "
            "NOT EXISTS (SELECT 1 FROM change) OR EXISTS (SELECT 1 FROM change WHERE before <> after), "
            "(SELECT count(*) FROM change WHERE session NOT IN (SELECT session FROM edit))"
        )
        entry, (chunks, moved, mended) = self.entry, self.connection.execute(sql).fetchone()
        moved = moved or self.merge is not None
        return Run(
            entry.id, entry.status, entry.sessions, chunks, entry.verified, tuple(conflicts), tuple(warnings),
            entry.undoes, len(self.updates()), bool(moved), 0 if moved else mended, merge=self.merge,
        )  # fmt: skip
