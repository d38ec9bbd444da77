"""The changes of a run in temporary tables, so that SQL can compare, write and journal them as a set.

Many sessions share few bindings, and few ways from one binding to another: each of these is kept once. The tables
belong to this connection and vanish with it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Binding, Change, FileUndo
from migrator.store.connection import BUSY_SECONDS, transaction
from migrator.store.row_json import decode
from migrator.store.sql import UNDO_FILES
from migrator.store.turns import why_unreadable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from migrator.store.reader import Store

# In `rebind` are numbers only: `row` is where SQLite keeps the session (NULL: it is gone), which stays true as long as
# we are the only ones who write; `table_number` is the table that it is in, counted in `Schema.tables`.
_TABLES = """
    DROP TABLE IF EXISTS temp.change;
    DROP TABLE IF EXISTS temp.way;
    DROP TABLE IF EXISTS temp.binding;
    DROP TABLE IF EXISTS temp.rebind;
    CREATE TEMP TABLE change (seq INTEGER PRIMARY KEY, session TEXT, root TEXT, title TEXT, way INTEGER);
    CREATE TEMP TABLE way (id INTEGER PRIMARY KEY, before INTEGER, after INTEGER, undo TEXT, detach INTEGER);
    CREATE TEMP TABLE binding (id INTEGER PRIMARY KEY, project_id TEXT, directory TEXT, path TEXT, workspace_id TEXT);
    CREATE TEMP TABLE rebind (seq INTEGER PRIMARY KEY, row INTEGER, before INTEGER, after INTEGER, detach INTEGER,
        table_number INTEGER)
"""


def _rebinds(tables: Sequence[str]) -> Iterator[str]:
    """Yield the statements that find each session in the first of these tables that has it."""
    for number, table in enumerate(tables):
        left = "LEFT" if number == len(tables) - 1 else ""  # so that deleted sessions are in it too
        others = "WHERE c.seq NOT IN (SELECT seq FROM temp.rebind)" if number else ""
        yield (
            f"INSERT INTO temp.rebind SELECT c.seq, s.rowid, w.before, w.after, w.detach, {number} "
            f"FROM temp.change c JOIN temp.way w ON w.id = c.way {left} JOIN main.{table} s ON s.id = c.session "
            f"{others}"
        )


class Staging:
    """Changes, numbered from `first` to `last` in the order given.

    `detaches` says whether a session's file undo is to be detached. It is asked once for each way: all changes with the
    same binding before, the same after and the same `undo`. `ways` holds the first change of each.
    """

    def __init__(
        self, store: Store, changes: Iterable[Change], detaches: Callable[[Change], bool], first: int = 1
    ) -> None:
        self.first, self.last = first, first - 1
        self.store = store
        self._columns = ["project_id", "directory"]
        self._columns += ["path"] * store.schema.has_path + ["workspace_id"] * store.schema.has_workspace
        self.ways: list[Change] = []
        bindings: dict[Binding, int] = {}
        db = store.connection
        for statement in _TABLES.split(";"):
            db.execute(statement)
        with store.translate_errors():
            db.execute("SAVEPOINT staging")
            _insert(db, _rows(changes, first, self.ways))
            for way in self.ways:
                bindings.setdefault(way.before, len(bindings))
                bindings.setdefault(way.after, len(bindings))
            db.executemany(
                "INSERT INTO temp.way VALUES (?, ?, ?, ?, ?)",
                (
                    (number, bindings[way.before], bindings[way.after], way.undo.value, detaches(way))
                    for number, way in enumerate(self.ways)
                ),
            )
            db.executemany("INSERT INTO temp.binding VALUES (?, ?, ?, ?, ?)", [(n, *b) for b, n in bindings.items()])
            for statement in _rebinds(store.schema.tables):
                db.execute(statement)
            db.execute("RELEASE staging")
            (self.last,) = db.execute("SELECT coalesce(max(seq), ?) FROM temp.rebind", [self.last]).fetchone()

    @contextmanager
    def attach_journal(self, journal: Path) -> Iterator[sqlite3.Connection]:
        """Attach the SQLite file of a journal as `journal`, for one transaction that is durable when it ends.

        Staged rows can be copied there without a detour through Python. SQLite's errors are raised as they are.
        """
        db = self.store.connection
        db.execute("ATTACH ? AS journal", [os.fsencode(journal)])
        try:
            db.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")  # for whoever is reading that file
            db.execute("PRAGMA journal.synchronous = FULL")
            with transaction(db, "BEGIN"):
                yield db
        finally:
            db.execute("DETACH journal")

    def changes(self, first: int, last: int) -> list[Change]:
        """Return the changes with these numbers, without the turns of their file undo."""
        rows = self.store.rows(
            "SELECT c.session, c.root, c.title, w.undo, b.project_id, b.directory, b.path, b.workspace_id, "
            "a.project_id, a.directory, a.path, a.workspace_id FROM temp.change c JOIN temp.way w ON w.id = c.way "
            "JOIN temp.binding b ON b.id = w.before JOIN temp.binding a ON a.id = w.after "
            "WHERE c.seq BETWEEN ? AND ? ORDER BY c.seq",
            [first, last],
        )
        return [
            Change(session, root, title, (), Binding._make(bound[:4]), Binding._make(bound[4:]), FileUndo(undo))
            for session, root, title, undo, *bound in rows
        ]

    def journal_bytes(self) -> int:
        """Return about how many bytes the changes take in a journal, as the first thousand tell."""
        ((mean,),) = self.store.rows(
            "SELECT avg(60 + length(session) + length(root) + length(CAST(title AS BLOB))) "
            "FROM (SELECT session, root, title FROM temp.change LIMIT 1000)"
        )
        return int(1.25 * (mean or 0) * (self.last + 1 - self.first))

    def mismatched(self) -> list[tuple[str, Binding | None]]:
        """Return the sessions that aren't bound as planned, each with its binding now, None if it was deleted."""
        rows = [
            row
            for condition, table in self._session_tables()
            for row in self.store.rows(
                "SELECT r.seq, (SELECT c.session FROM temp.change c WHERE c.seq = r.seq), s.rowid, "
                f"{self.store.binding_columns('s')} FROM temp.rebind r "
                f"JOIN temp.binding b ON b.id = r.before LEFT JOIN main.{table} s ON s.rowid = r.row "
                f"WHERE {condition} (r.row IS NULL OR NOT ({self._same('s', 'b')})) ORDER BY r.seq",
            )
        ]
        return [(session, Binding._make(bound) if row else None) for _, session, row, *bound in sorted(rows)]

    def rebind(self, first: int, last: int) -> int:
        """Rebind those of `first` to `last` that are still bound as planned; return how many. Keeps `time_updated`."""
        sets = ", ".join(f"{column} = a.{column}" for column in self._columns)
        done = 0
        for condition, table in self._session_tables():
            # Only the row leads straight to a session; SQLite would take the index of workspaces to it.
            cursor = self.store.connection.execute(
                f"UPDATE main.{table} NOT INDEXED SET {sets} "
                "FROM temp.rebind r JOIN temp.binding b ON b.id = r.before JOIN temp.binding a ON a.id = r.after "
                f"WHERE {condition} r.seq BETWEEN ? AND ? AND {table}.rowid = r.row AND {self._same(table, 'b')}",
                [first, last],
            )
            done += cursor.rowcount
        return done

    def undoable_rows(self, first: int, last: int) -> list[tuple[str, str, str, str, str]]:
        """Return (table, id, session id, data, data without files) of each row with files of file undo to detach.

        Raises MigratorError where such a row can't be read.
        """
        found = [
            (table, *row)
            for table in self.store.schema.turn_tables
            for condition, files in [UNDO_FILES[table]]
            for row in self.store.rows(
                f"SELECT t.id, t.session_id, data, "
                f"CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN json_set(data, '{files}', json('[]')) END "
                "FROM temp.rebind r "
                f"JOIN temp.change c ON c.seq = r.seq JOIN main.{table} t ON t.session_id = c.session "
                f"WHERE r.detach AND r.seq BETWEEN ? AND ? AND {condition}",
                [first, last],
            )
        ]
        for table, id_, session, data, _ in found:
            if decode(data) is None:
                raise MigratorError(f"{session} can't be moved: {why_unreadable(table, id_, session)}.")
        return found

    def reverts(self, first: int, last: int) -> list[tuple[str, str, str]]:
        """Return (table, session id, revert marker) of every reverted session to detach, in each table that has it."""
        tables = self.store.schema.tables
        # In one table the row leads to it; in a second one only the id does.
        joined = "s.rowid = r.row" if len(tables) == 1 else "s.id = (SELECT session FROM temp.change WHERE seq = r.seq)"
        return [
            (table, id_, marker)
            for table in tables
            for id_, marker in self.store.rows(
                f"SELECT s.id, s.revert FROM temp.rebind r JOIN main.{table} s ON {joined} "
                "WHERE r.detach AND r.seq BETWEEN ? AND ? AND s.revert IS NOT NULL",
                [first, last],
            )
        ]

    def count_arrived(self) -> int:
        """Count the staged sessions that opencode lists at their destination and no longer at their source.

        Asked with opencode's own filters; see paging.py. Opencode 2 knows no row without a path.
        """
        total = 0
        for condition, table in self._session_tables():
            or_null = "OR s.path IS NULL" if table == "session" else ""
            by_path = f"AND (s.path IS a.path {or_null})" if self.store.schema.has_path else ""
            ((count,),) = self.store.rows(
                "SELECT count(*) FROM temp.rebind r JOIN temp.binding a ON a.id = r.after "
                f"JOIN main.{table} s ON s.rowid = r.row "
                f"WHERE {condition} s.project_id = a.project_id AND s.directory = a.directory {by_path}",
            )
            total += count
        return total

    def unplanned_children(self) -> list[tuple[str, str]]:
        """Return (session id, parent id) of every child that doesn't move although its parent does; no odd rows."""
        moving = "SELECT c.session FROM temp.change c JOIN temp.rebind r ON r.seq = c.seq WHERE r.before <> r.after"
        if self.store.schema.has_v2:
            sql = f"SELECT id, parent_id FROM session WHERE parent_id IN ({moving}) AND id NOT IN ({moving})"
        else:
            sql = (
                f"SELECT id, parent_id FROM main.session WHERE parent_id IN ({moving}) "
                "AND rowid IN (SELECT rowid FROM main.session WHERE parent_id IS NOT NULL "
                "EXCEPT SELECT row FROM temp.rebind WHERE before <> after)"
            )
        found = dict(self.store.rows(sql))
        return [(child.id, found[child.id]) for child in self.store.sessions(found)] if found else []

    def staying_descendants(self) -> frozenset[str]:
        """Return the sessions in the trees of those that move, that don't move themselves."""
        found: set[str] = set()
        generation = [child for child, _ in self.unplanned_children()]
        while generation:
            found.update(generation)
            generation = [child for child in self.store.children(generation) if child not in found]
        return frozenset(found)

    def _session_tables(self) -> Iterator[tuple[str, str]]:
        """Yield (condition, table) of each table of sessions; the condition, ending in AND, leaves its staged rows."""
        tables = self.store.schema.tables
        for number, table in enumerate(tables):
            yield (f"r.table_number = {number} AND" if len(tables) > 1 else ""), table

    def _same(self, row: str, binding: str) -> str:
        return " AND ".join(f"{row}.{column} IS {binding}.{column}" for column in self._columns)


def _insert(db: sqlite3.Connection, rows: Iterator[tuple[int | str, ...]]) -> None:
    """Fill the table `change`, a hundred rows at a time: one at a time takes half as long again."""
    while batch := list(islice(rows, 100)):
        placeholders = ", ".join(["(?, ?, ?, ?, ?)"] * len(batch))
        db.execute(f"INSERT INTO temp.change VALUES {placeholders}", list(chain.from_iterable(batch)))


def _rows(changes: Iterable[Change], first: int, ways: list[Change]) -> Iterator[tuple[int, str, str, str, int]]:
    """Yield the rows of the table `change`; the first change of each way is appended to `ways`, which is numbered so.

    What isn't exactly an int or a str takes sqlite3 several times as long.
    """
    numbers: dict[tuple[object, ...], int] = {}
    for seq, change in enumerate(changes, first):
        session, root, title, _, before, after, undo, _ = change
        way = numbers.get((before, after, undo))
        if way is None:
            way = numbers[before, after, undo] = len(ways)
            ways.append(change)
        yield seq, session, root, title, way
