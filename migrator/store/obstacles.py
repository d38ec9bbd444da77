"""Schemas in which our statements would write more, or less, than they say: such a database is only read.

No known opencode makes any of it, so it is a reason to leave the file alone, not one to find a way around it.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from migrator.store.connection import columns_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# (table, columns) of the unique indexes, (table, column, other table) of the foreign keys that opencode makes.
_UNIQUE = {
    ("project_directory", ("project_id", "directory")),
    ("session_message", ("session_id", "seq")),
    ("session_inbox", ("session_id", "enqueued_seq")),
}
_FOREIGN = {
    ("session", "project_id", "project"),
    ("session_v2", "project_id", "project"),
    ("session_message", "session_id", "session_v2"),
    ("session_inbox", "session_id", "session_v2"),
    ("project_directory", "project_id", "project"),
}
_KEYS = {"event_sequence": ("aggregate_id",), "project_directory": ("project_id", "directory")}
"""The columns of the primary keys that aren't `id`."""


def obstacles(
    db: sqlite3.Connection, written: Mapping[str, Collection[str]], inserted: Mapping[str, Collection[str]], who: str
) -> Iterator[str]:
    """Yield each reason not to write.

    `written` are the columns that we set or fill of each table, `inserted` those that we fill of tables that get new
    rows; `who` makes none of this, in words.
    """
    ((encoding,),) = db.execute("PRAGMA encoding").fetchall()
    if encoding != "UTF-8":
        yield f"its text is {encoding}, which no {who} uses"
    for table, trigger in triggers(db, written):
        yield f"table {table} has a trigger, {trigger}, which no {who} makes"
    demanded = 'SELECT name FROM pragma_table_info(?) WHERE "notnull" AND dflt_value IS NULL'
    for table, filled in inserted.items():
        for (column,) in db.execute(demanded, [table]).fetchall():
            if column not in filled:
                yield f"table {table} demands a value for {column}, which it doesn't in any {who}"
    tables = dict(db.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'table'").fetchall())
    for table in sorted(written.keys() & tables):
        yield from _of_table(db, table, tables[table], written[table], who)


def _of_table(db: sqlite3.Connection, table: str, sql: str, written: Collection[str], who: str) -> Iterator[str]:
    if re.search(r"\bCHECK\s*\(", sql, re.IGNORECASE):
        yield f"table {table} has a CHECK, which no {who} makes"
    for column, hidden in db.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", [table]).fetchall():
        if hidden and column in written:
            yield f"column {column} of table {table} is computed, which it isn't in any {who}"
    key = _KEYS.get(table, ("id",))
    parts = "SELECT name FROM pragma_table_info(?, 'main') WHERE pk ORDER BY pk"
    if tuple(name for (name,) in db.execute(parts, [table])) != key:
        yield f"the primary key of table {table} isn't {' and '.join(key)}, as it is in every {who}"
    if not has_rowid(db, table):
        yield f"table {table} is WITHOUT ROWID, which it isn't in any {who}"
    indexes = db.execute('SELECT name FROM pragma_index_list(?) WHERE "unique"', [table]).fetchall()
    for (index,) in indexes:
        columns = tuple(name for (name,) in db.execute("SELECT name FROM pragma_index_info(?)", [index]))
        if (table, columns) not in _UNIQUE and columns != key and (None in columns or set(written) & set(columns)):
            yield f"table {table} has a unique index, {index}, which no {who} makes"
    for column, other in db.execute('SELECT "from", "table" FROM pragma_foreign_key_list(?)', [table]).fetchall():
        if column in written and (table, column, other) not in _FOREIGN:
            yield f"column {column} of table {table} refers to table {other}, which it doesn't in any {who}"


def triggers(db: sqlite3.Connection, tables: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (table, trigger) of each trigger of these tables."""
    every = db.execute("SELECT tbl_name, name FROM main.sqlite_master WHERE type = 'trigger'").fetchall()
    yield from ((table, trigger) for table, trigger in every if table in tables)


def has_rowid(db: sqlite3.Connection, table: str) -> bool:
    """Tell whether the rows of a table are numbered, as in every table that an opencode makes."""
    try:
        db.execute(f'SELECT rowid FROM main."{table}" LIMIT 0')
    except sqlite3.OperationalError:
        return False
    return True


def lacks(db: sqlite3.Connection, needed: Mapping[str, Collection[str]], who: str) -> Iterator[str]:
    """Yield what tables lack that we need only to write."""
    for table, columns in needed.items():
        if lacking := sorted(set(columns).difference(columns_of(db, table))):
            yield f"table {table} lacks {', '.join(lacking)}, which every {who} has"
