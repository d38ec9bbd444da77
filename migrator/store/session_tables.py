"""Which rows hang on a session: told by the tables of a database, so that those of any version of opencode are known.

A table belongs to the sessions if it names one in `session_id`, or holds the events of one (`aggregate_id`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.model import Binding
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from migrator.store.reader import Store

SESSIONS = ("session", "session_v2")
"""The tables that have a row for each session: opencode 1's and opencode 2's."""

NOT_MERGED = frozenset({"session_share", "session_context_epoch", "session_input", "session_inbox", "session_pending"})
"""Tables whose rows stay with the database that they are in; docs/merging.md says what each would do elsewhere."""

CLEARED = {
    **{(table, column): None for table in SESSIONS for column in ("share_url", "time_compacting", "time_suspended")},
    ("session_v2", "resume_attempts"): 0,
    ("event_sequence", "owner_id"): None,
}
"""Columns that a merge doesn't copy, and what they hold instead: they are about a share, a turn or a workspace."""

BOUND = frozenset(Binding._fields)
"""Columns of a session that say where it belongs, which is decided here. So a workspace of the other database is never
named: a session that comes is in none, or in that of the parent that it has here."""


class TableOfSessions(NamedTuple):
    """A table with rows of sessions; `owner` is the column with the session's id.

    `needed` are the columns that every new row must fill, as none has a value by default.
    """

    name: str
    owner: str
    columns: tuple[str, ...]
    needed: frozenset[str]

    @property
    def is_of_sessions(self) -> bool:
        """Whether each row of it is a session."""
        return self.name in SESSIONS


def session_tables(db: sqlite3.Connection, schema: str = "main") -> list[TableOfSessions]:
    """Return the tables of an attached database whose rows hang on sessions, sorted by name."""
    names = [
        name for (name,) in db.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    found: dict[str, TableOfSessions] = {}
    for name in names:
        info = db.execute(
            'SELECT name, "notnull" AND dflt_value IS NULL AND NOT pk FROM pragma_table_info(?, ?)', [name, schema]
        ).fetchall()
        columns = tuple(column for column, _ in info)
        owner = "id" if name in SESSIONS else next((c for c in ("session_id", "aggregate_id") if c in columns), None)
        if owner is not None:
            found[name] = TableOfSessions(name, owner, columns, frozenset(column for column, needed in info if needed))
    return [*found.values()]


def has_rows(store: Store, table: TableOfSessions, sessions: Iterable[str]) -> bool:
    """Tell whether a table has rows of these sessions."""
    sql = f'SELECT EXISTS (SELECT 1 FROM main."{table.name}" WHERE "{table.owner}" {IN})'
    ((found,),) = store.rows(sql, [array_of(sessions)])
    return bool(found)


def rows_never_merged(store: Store, sessions: Iterable[str]) -> dict[str, set[str]]:
    """Map each of these sessions that has rows which no merge brings to the tables of those rows.

    They are a share, and prompts waiting to be sent.
    """
    wanted, found = array_of(sessions), dict[str, set[str]]()
    for table in session_tables(store.connection):
        if table.name in NOT_MERGED - {"session_context_epoch"}:
            for (session,) in store.rows(f"SELECT session_id FROM main.{table.name} WHERE session_id {IN}", [wanted]):
                found.setdefault(session, set()).add(table.name)
    return found


class TornPart(NamedTuple):
    """A part that says it is of another session than its message: opencode 1 shows it with the message (1.18.34)."""

    id: str
    message_of: str
    part_of: str


def torn_parts(store: Store) -> list[TornPart]:
    """Return the parts whose session isn't that of their message; no opencode writes any, but hands do."""
    if not store.schema.has_v1:
        return []
    rows = store.rows(
        "SELECT part.id, message.session_id, part.session_id FROM main.message "
        "JOIN main.part ON part.message_id = message.id WHERE part.session_id <> message.session_id ORDER BY part.id"
    )
    return [TornPart(*row) for row in rows]


def differing_outside(ours: Store, theirs: Store, sessions: Collection[str]) -> set[str]:
    """Return those of these sessions of both databases with a title or to-dos in `theirs` that they lack in `ours`."""
    wanted, seen = array_of(sessions), list[set[tuple[Any, ...]]]()
    for store in (ours, theirs):
        titles = store.rows(f"SELECT id, title FROM main.{store.schema.tables[0]} WHERE id {IN}", [wanted])
        has_todo = any(table.name == "todo" for table in session_tables(store.connection))
        todo = "SELECT session_id, content, status, priority, position FROM main.todo WHERE session_id"
        seen.append({*titles, *(store.rows(f"{todo} {IN}", [wanted]) if has_todo else ())})
    return {session for session, *_ in seen[1] - seen[0]}


def session_rows(store: Store, table: TableOfSessions, columns: Iterable[str], session: str) -> list[dict[str, Any]]:
    """Return these columns of a table's rows of one session, in their order."""
    names = [*columns]
    named = ", ".join(f'"{name}"' for name in names)
    rows = store.rows(f'SELECT {named} FROM main."{table.name}" WHERE "{table.owner}" = ? ORDER BY rowid', [session])
    return [dict(zip(names, row, strict=True)) for row in rows]
