"""The session history in memory: one consistent copy of what lists show, with the index that opencode's file lacks.

Paging through a copy holds no lock on the file: a migration doesn't wait for it, and no page shows half of a migration.
opencode has no index on time_updated, so a page of the file costs a look at every session; of a copy, at its own rows.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.store.connection import add_functions, closed_if_unusable, transaction, translate_errors
from migrator.store.paging import keyset, next_cursor
from migrator.store.row_json import OddText
from migrator.store.schema import selected
from migrator.store.session_json import COLUMNS, SESSION, SessionJson
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import Project
    from migrator.store.paging import Cursor, ListFilter
    from migrator.store.reader import Store

_names = count()


class JsonPage(NamedTuple):
    """Part of the history; `next` is None on the last page."""

    sessions: list[SessionJson]
    next: Cursor | None


def json_page(store: Store, shown: ListFilter, cursor: Cursor | None, limit: int) -> JsonPage:
    """Return one page straight from a database, of which nobody keeps a copy."""
    schema = replace(store.schema, has_path=True, has_workspace=True)
    condition, params, tail = keyset(shown.conditions(schema), cursor, limit)
    every = f"(SELECT {_columns(store)} FROM session)"
    found = store.rows(f"SELECT time_updated, id, project_id, {SESSION} FROM {every} WHERE {condition} {tail}", params)
    rows = [SessionJson._make(row) for row in found]
    return JsonPage(rows[:limit], next_cursor(rows, limit))


def _columns(store: Store) -> str:
    existing = {name for (name,) in store.rows("SELECT name FROM pragma_table_info('session')")}
    return selected(COLUMNS, existing, fit_for_json=True)


class HistoryCopy:
    """The history as it was when the copy was made. Any number of threads may read it at the same time."""

    def __init__(self, store: Store) -> None:
        """Copy the sessions in one transaction; `store` may be closed before `index` is called."""
        self._path = store.path
        self.schema = replace(store.schema, has_path=True, has_workspace=True)
        self._uri = f"file:/history-{next(_names)}?vfs=memdb"
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._users_lock = Lock()
        self._users = 1
        self._keeper = self._open()  # the copy exists as long as a connection to it is open
        with closed_if_unusable(self._keeper):
            self.projects = self._copy(store)

    def _copy(self, store: Store) -> dict[str, Project]:
        columns = _columns(store)
        with store.translate_errors():
            store.connection.execute("ATTACH ? AS copy", [self._uri])
            with transaction(store.connection, "BEGIN"):
                store.connection.execute(f"CREATE TABLE copy.session AS SELECT {columns} FROM session")
                projects = {project.id: project for project in store.projects()}
            store.connection.execute("DETACH copy")
        return projects

    def index(self) -> None:
        """Make the copy quick to page through; until then nobody may read it."""
        with translate_errors(self._path):
            self._keeper.executescript(
                "CREATE INDEX newest ON session (time_updated, id);"
                "CREATE INDEX newest_there ON session (directory, time_updated, id);"
                "CREATE INDEX identity ON session (id)"
            )

    def page(self, shown: ListFilter, cursor: Cursor | None, limit: int) -> JsonPage:
        """Return one page, newest first, at most `limit` sessions."""
        condition, params, tail = keyset(shown.conditions(self.schema), cursor, limit)
        rows = self._rows(f"WHERE {condition} {tail}", params)
        return JsonPage(rows[:limit], next_cursor(rows, limit))

    def sessions(self, ids: Iterable[str]) -> dict[str, SessionJson]:
        """Map these ids to their sessions; an id that no session has is left out."""
        return {row.id: row for row in self._rows(f"WHERE id {IN}", [array_of(ids)])}

    def _rows(self, tail: str, params: list[Any]) -> list[SessionJson]:
        sql = f"SELECT time_updated, id, project_id, {SESSION} FROM session {tail}"
        with self._connection() as connection, translate_errors(self._path):
            return [SessionJson._make(row) for row in connection.execute(sql, params)]

    def acquire(self) -> None:
        """Keep the copy from going away until `release`."""
        with self._users_lock:
            self._users += 1

    def release(self) -> None:
        """Let go of the copy; its memory is freed once all of its users have, the one who made it included."""
        with self._users_lock:
            self._users -= 1
            if self._users:
                return
        while not self._idle.empty():
            self._idle.get().close()
        self._keeper.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._open()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._uri, uri=True, isolation_level=None, check_same_thread=False)
        add_functions(connection)
        connection.text_factory = OddText.read  # it may hold other columns' bytes than those that the gate looks at
        return connection
