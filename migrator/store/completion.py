"""What a shell offers while somebody types: a few rows, read at once and without a lock, or none at all."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from migrator.text import count

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

LIMIT = 100
"""How many values are offered at most, besides the first and the last of all in order.

A shell fills in what all that is offered begins with: with these two, what is left out begins so too.
"""

_SECONDS = 0.25
"""How long the rows may take to read; somebody waits with the finger on the key."""

_LAST = "\U0010ffff"
_TABLES = ("session_v2", "session")


class Described(NamedTuple):
    """A value, and what a person knows it by."""

    value: str
    description: str


class CompletionReader:
    """An opencode database of whatever shape. Raises sqlite3.Error for anything that it can't read in time."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        uri = f"file:{quote(str(path))}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        deadline = time.monotonic() + _SECONDS
        self._connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self._tables = [table for table in _TABLES if table in tables]

    def sessions(self, prefix: str) -> list[Described]:
        """Return sessions whose id begins so, roots before children, the newest of each first."""
        within, params = _range("id", prefix)
        found: dict[str, Described] = {}
        for table in self._tables:
            for which in ("+parent_id IS NULL AND", ""):  # the + keeps SQLite to the index of ids
                sql = f"SELECT id, title FROM {table} WHERE {which} {within} ORDER BY id LIMIT {LIMIT}"
                if len(found) < LIMIT:  # opencode gives newer sessions smaller ids (seen with 1.2.1 to 1.18.34)
                    found |= {row[0]: row for row in _texts(self._connection.execute(sql, params))}
            for end in ("min", "max"):
                sql = f"SELECT id, title FROM {table} WHERE id = (SELECT {end}(id) FROM {table} WHERE {within})"
                found |= {row[0]: row for row in _texts(self._connection.execute(sql, params))}
        return [*found.values()]

    def sessions_titled(self, words: Iterable[str]) -> list[Described]:
        """Return sessions with each of these words in their title, the ones that were updated last first."""
        wanted = [*words]
        condition = " AND ".join(["instr(lower(title), lower(?)) > 0"] * len(wanted))
        found: dict[str, Described] = {}
        for table in self._tables:
            sql = f"SELECT id, title FROM {table} WHERE {condition} ORDER BY time_updated DESC LIMIT {LIMIT}"
            found |= {row[0]: row for row in _texts(self._connection.execute(sql, wanted))}
        return [*found.values()]

    def directories(self, *prefixes: str) -> list[Described]:
        """Return directories of sessions that begin so, the ones used last first, and how many sessions each has."""
        ranges = [_range("directory", prefix) for prefix in prefixes]
        within, params = " OR ".join(f"({sql})" for sql, _ in ranges), [each for _, two in ranges for each in two]
        found: dict[str, tuple[int, int]] = {}
        for table in self._tables[:1]:  # the first one has them all, but for what opencode 1 made since the upgrade
            sql = f"SELECT directory, count(*), max(time_updated) FROM {table} WHERE {within} GROUP BY directory"
            for directory, number, used in self._connection.execute(sql, params):
                if isinstance(directory, str) and isinstance(used, int):
                    found[directory] = (number, used)
        newest = sorted(found, key=lambda directory: -found[directory][1])[:LIMIT]
        ends = [min(found), max(found)] if found else []
        return [
            Described(directory, count(found[directory][0], "session")) for directory in dict.fromkeys([*newest, *ends])
        ]

    def workspaces(self, prefix: str) -> list[Described]:
        """Return opencode's workspaces whose id begins so, with their names and how many sessions each has."""
        within, params = _range("workspace_id", prefix)
        sql = f"SELECT workspace_id, count(*) FROM {self._tables[0]} WHERE {within} GROUP BY 1 LIMIT {LIMIT}"
        found = {id_: number for id_, number in self._connection.execute(sql, params) if isinstance(id_, str)}
        within, params = _range("id", prefix)
        rows = self._connection.execute(f"SELECT id, name FROM workspace WHERE {within} LIMIT {LIMIT}", params)
        named = dict(_texts(rows))
        return [
            Described(id_, f"{named.get(id_, '')} {count(found.get(id_, 0), 'session')}".strip())
            for id_ in {**found, **named}
        ]

    def projects(self) -> list[tuple[str, str, str]]:
        """Return id, name ("" for none) and worktree of every project but `global`."""
        rows = self._connection.execute("SELECT id, name, worktree FROM project WHERE id <> 'global' LIMIT 5000")
        return [
            (id_, name if isinstance(name, str) else "", worktree)
            for id_, name, worktree in rows
            if isinstance(id_, str) and isinstance(worktree, str)
        ]


def _range(column: str, prefix: str) -> tuple[str, tuple[str, str]]:
    """Return the condition that a text begins so, for which SQLite can use an index."""
    return f"{column} >= ? AND {column} < ?", (prefix, prefix + _LAST)


def _texts(rows: Iterable[tuple[object, object]]) -> Iterator[Described]:
    for id_, title in rows:
        if isinstance(id_, str):
            yield Described(id_, title if isinstance(title, str) else "")
