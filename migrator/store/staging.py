"""What is to be rebound, laid out in temporary tables, so that it is asked for and written as a set.

Bindings are few where sessions are many: each is kept once. The tables are this connection's own and go with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Binding
from migrator.store.reading import LIVE_PATCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reading import Store

_TABLES = """
    DROP TABLE IF EXISTS temp.rebind;
    DROP TABLE IF EXISTS temp.binding;
    CREATE TEMP TABLE rebind (seq INTEGER PRIMARY KEY, session TEXT, before INTEGER, after INTEGER, detach INTEGER);
    CREATE TEMP TABLE binding (id INTEGER PRIMARY KEY, project_id TEXT, directory TEXT, path TEXT, workspace_id TEXT)
"""


Rebind = tuple[str, Binding, Binding, int]
"""One session row: its id, the binding it must have now, the one it gets, 1 where its file undo is to be detached.

What isn't exactly an int or a str takes sqlite3 several times as long.
"""


class Numbers(dict[Binding, int]):
    """Numbers each binding that it is asked for, from 0 on: sessions are many, bindings are few."""

    def __missing__(self, binding: Binding) -> int:
        number = self[binding] = len(self)
        return number


class Staging:
    """Rebinds, numbered from `first` to `last` in the order given."""

    def __init__(self, store: Store, rebinds: Iterable[Rebind], first: int = 1) -> None:
        self.first, self.last = first, first - 1
        self.store = store
        self._columns = ["project_id", "directory"]
        self._columns += ["path"] * store.schema.has_path + ["workspace_id"] * store.schema.has_workspace
        numbers = Numbers()
        db = store.connection
        for statement in _TABLES.split(";"):
            db.execute(statement)
        with store.explained():
            db.execute("SAVEPOINT staging")
            db.executemany(
                "INSERT INTO temp.rebind VALUES (?, ?, ?, ?, ?)",
                (
                    (seq, session, numbers[before], numbers[after], detach)
                    for seq, (session, before, after, detach) in enumerate(rebinds, first)
                ),
            )
            db.executemany("INSERT INTO temp.binding VALUES (?, ?, ?, ?, ?)", ((n, *b) for b, n in numbers.items()))
            db.execute("RELEASE staging")
            (self.last,) = db.execute("SELECT coalesce(max(seq), ?) FROM temp.rebind", [self.last]).fetchone()

    def strays(self) -> list[tuple[str, Binding | None]]:
        """Return the sessions that aren't where they were to be taken from: where they are, None if they are gone."""
        rows = self.store.rows(
            f"SELECT r.session, s.id, {self.store.binding_columns_of('s')} FROM temp.rebind r "
            "JOIN temp.binding b ON b.id = r.before LEFT JOIN main.session s ON s.id = r.session "
            f"WHERE s.id IS NULL OR NOT ({self._same('s', 'b')}) ORDER BY r.seq",
        )
        return [(session, Binding._make(bound) if found else None) for session, found, *bound in rows]

    def rebind(self, first: int, last: int) -> int:
        """Rebind `first` to `last`; return how many were still what they had to be. `time_updated` is kept."""
        sets = ", ".join(f"{column} = a.{column}" for column in self._columns)
        cursor = self.store.connection.execute(
            f"UPDATE main.session SET {sets} "
            "FROM temp.rebind r JOIN temp.binding b ON b.id = r.before JOIN temp.binding a ON a.id = r.after "
            f"WHERE r.seq BETWEEN ? AND ? AND session.id = r.session AND {self._same('session', 'b')}",
            [first, last],
        )
        return cursor.rowcount

    def live_patches(self, first: int, last: int) -> list[tuple[str, str, str, str]]:
        """Return (part id, session id, data, data without files) of every patch part with files to detach."""
        return self.store.rows(
            "SELECT part.id, part.session_id, data, json_set(data, '$.files', json('[]')) FROM temp.rebind r "
            f"JOIN main.part ON part.session_id = r.session WHERE r.detach AND r.seq BETWEEN ? AND ? AND {LIVE_PATCH}",
            [first, last],
        )

    def reverts(self, first: int, last: int) -> list[tuple[str, str]]:
        """Return (session id, revert marker) of every reverted session to detach."""
        return self.store.rows(
            "SELECT s.id, s.revert FROM temp.rebind r JOIN main.session s ON s.id = r.session "
            "WHERE r.detach AND r.seq BETWEEN ? AND ? AND s.revert IS NOT NULL",
            [first, last],
        )

    def arrived(self) -> int:
        """Count the staged sessions that opencode lists at their destination and no longer at their source.

        Asked with opencode's own filters; see listing.py.
        """
        by_path = "AND (s.path IS a.path OR s.path IS NULL)" if self.store.schema.has_path else ""
        # Moving within one project and directory (a path repaired) leaves the session where it was listed.
        ((count,),) = self.store.rows(
            "SELECT count(*) FROM temp.rebind r JOIN temp.binding b ON b.id = r.before "
            "JOIN temp.binding a ON a.id = r.after JOIN main.session s ON s.id = r.session "
            f"WHERE s.project_id = a.project_id AND s.directory = a.directory {by_path} "
            "AND (b.project_id = a.project_id AND b.directory = a.directory "
            "OR NOT (s.project_id = b.project_id AND s.directory = b.directory))",
        )
        return int(count)

    def _same(self, row: str, binding: str) -> str:
        return " AND ".join(f"{row}.{column} IS {binding}.{column}" for column in self._columns)
