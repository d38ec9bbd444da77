"""Copying all rows of sessions from one database into another, keeping them in a journal, and deleting them.

The sessions are staged (staging.py), and those that this database has part of already are in `temp.continued`: their
rows are single edits, and left alone here. Statements work on the whole of a chunk, whatever its number of rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.store.row_json import stringify
from migrator.store.session_tables import CLEARED, NOT_MERGED, TableOfSessions, session_tables
from migrator.store.sql import IN, LIVE_PATCH, LIVE_SNAPSHOT, WHOLE, array_of
from migrator.store.writer import Edit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

    from migrator.store.reader import Store
    from migrator.store.staging import Staging
    from migrator.store.writer import Writer

SOURCE = "source"
"""The name under which the database that rows come from is attached."""

KEPT = "kept."
"""How the names of a journal's tables begin that hold deleted rows, in the columns of the database after `kept_seq`."""

_BOUND = {"project_id", "directory", "path", "workspace_id"}
_WHOLE = "c.seq BETWEEN ? AND ? AND c.seq NOT IN (SELECT seq FROM temp.continued)"
INSTRUCTIONS = "instruction_blob"
"""What sessions of opencode 2 were told, by its hash, which many have in common."""

_DETACHED = {
    "part": (LIVE_PATCH, "$.files"),
    "session_message": (LIVE_SNAPSHOT, "$.snapshot.files"),
}


@contextmanager
def attached_source(store: Store, uri: str) -> Iterator[None]:
    """Attach a database that rows come from, read-only, as `source`."""
    with store.translate_errors():
        store.connection.execute(f"ATTACH ? AS {SOURCE}", [uri])
    try:
        yield
    finally:
        store.connection.execute(f"DETACH {SOURCE}")


def mark_continued(staging: Staging, sessions: Collection[str]) -> None:
    """Say which of the staged sessions this database has part of."""
    db = staging.store.connection
    db.execute("DROP TABLE IF EXISTS temp.continued")
    db.execute("CREATE TEMP TABLE continued (seq INTEGER PRIMARY KEY)")
    db.execute(
        f"INSERT INTO temp.continued SELECT seq FROM temp.change WHERE session {IN}", [array_of(sessions)]
    ).fetchall()


def bring(staging: Staging, first: int, last: int) -> int:
    """Copy all rows of the staged sessions `first` to `last` from `source`; return the number of sessions.

    They are bound as staged. Columns that only this database has get the value that opencode's own upgrade gives them,
    which is that of the schema. The file undo of those that lose it is detached. What means nothing here stays there.
    """
    done = sum(_run(staging, sql, first, last) for sql in _bring_statements(staging))
    if staging.store.schema.has_v2:  # what tells a move of opencode 2 is asked of rows that are there
        found = "SELECT s.rowid FROM temp.change c JOIN main.session_v2 s ON s.id = c.session WHERE c.seq = rebind.seq"
        staging.store.connection.execute(
            f"UPDATE temp.rebind SET row = ({found}), table_number = 0 WHERE seq BETWEEN ? AND ?", [first, last]
        )
    return done


def bring_back(staging: Staging, first: int, last: int) -> int:
    """Copy all rows of the staged sessions from a journal that is attached as `source` and kept them; as `bring`."""
    done = 0
    for table in session_tables(staging.store.connection):
        columns = [name for name in _columns(staging, f"{KEPT}{table.name}", SOURCE) if name in table.columns]
        if columns:
            named, kept = (", ".join(f'{row}"{name}"' for name in columns) for row in ("", "k."))
            count = _run(
                staging,
                f'INSERT INTO main."{table.name}" ({named}) SELECT {kept} '
                f"FROM temp.change c JOIN {SOURCE}.change j ON j.session = c.session "
                f'JOIN {SOURCE}."{KEPT}{table.name}" k ON k.kept_seq = j.seq WHERE {_WHOLE}',
                first,
                last,
            )
            done += count if _counts(staging, table) else 0
    return done


def keep(staging: Staging, journal: sqlite3.Connection, first: int, last: int) -> None:
    """Copy all rows of the staged sessions into the attached `journal`; those of an earlier try are replaced."""
    for table in session_tables(staging.store.connection):
        kept = f'journal."{KEPT}{table.name}"'
        columns = ", ".join(f't."{name}"' for name in table.columns)
        joined = f'temp.change c JOIN main."{table.name}" t ON t."{table.owner}" = c.session'
        select = f"SELECT c.seq AS kept_seq, {columns} FROM {joined}"
        if not _columns(staging, f"{KEPT}{table.name}", "journal"):
            journal.execute(f"CREATE TABLE {kept} AS {select} WHERE FALSE")
            journal.execute(f'CREATE INDEX journal."{KEPT}{table.name}.seq" ON "{KEPT}{table.name}" (kept_seq)')
        journal.execute(f"DELETE FROM {kept} WHERE kept_seq BETWEEN ? AND ?", [first, last])
        journal.execute(f"INSERT INTO {kept} {select} WHERE {_WHOLE} ORDER BY c.seq, t.rowid", [first, last])


def take_out(staging: Staging, first: int, last: int) -> int:
    """Delete all rows of the staged sessions; return the number of sessions. Foreign keys must be off."""
    done = 0
    for table in reversed(session_tables(staging.store.connection)):
        count = _run(
            staging,
            f'DELETE FROM main."{table.name}" WHERE "{table.owner}" IN (SELECT c.session FROM temp.change c '
            f"WHERE {_WHOLE})",
            first,
            last,
        )
        done += count if _counts(staging, table) else 0
    return done


def missing_instructions(store: Store, sessions: Collection[str]) -> list[Edit]:
    """Return the edits that bring the instructions of opencode 2 that these sessions of `source` name by their hashes.

    A row is shared by all sessions that were told the same, so only those come that aren't here; each goes with a
    session that names it.
    """
    db = store.connection
    if not _has_instructions(db, "main") or not _has_instructions(db, SOURCE):
        return []
    named = " UNION ".join(
        f"SELECT j.value AS hash, s.session_id AS session FROM {SOURCE}.instruction_state s, json_each(s.{values}) j "
        f"WHERE s.session_id {IN} AND json_valid(s.{values})"
        for values in ("initial_values", "current_values")
    )
    rows = store.rows(
        f"SELECT b.hash, min(n.session), b.value FROM ({named}) n JOIN {SOURCE}.{INSTRUCTIONS} b ON b.hash = n.hash "
        f"WHERE b.hash NOT IN (SELECT hash FROM main.{INSTRUCTIONS}) GROUP BY b.hash",
        [array_of(sessions)] * 2,
    )
    return [
        Edit(INSTRUCTIONS, WHOLE, hash_, session, None, stringify({"hash": hash_, "value": value}))
        for hash_, session, value in rows
    ]


def edit_instructions(writer: Writer, edits: Iterable[Edit]) -> None:
    """Insert or delete such rows; one that is there already is left alone, and so is one that a session still names."""
    named = "SELECT EXISTS (SELECT 1 FROM main.instruction_state WHERE instr(initial_values || current_values, ?))"
    writer.edit(
        [e for e in edits if e.table == INSTRUCTIONS and (e.before is None or writer.rows(named, [e.key]) == [(0,)])]
    )


def _has_instructions(db: sqlite3.Connection, schema: str) -> bool:
    return bool(db.execute(f"SELECT 1 FROM {schema}.sqlite_master WHERE name = '{INSTRUCTIONS}'").fetchone())


def count_gone(staging: Staging) -> int:
    """Count the staged sessions that are in no table any more, or that were only continued."""
    tables = staging.store.schema.tables
    there = " OR ".join(f"EXISTS (SELECT 1 FROM main.{table} s WHERE s.id = c.session)" for table in tables)
    ((found,),) = staging.store.rows(
        f"SELECT count(*) FROM temp.change c WHERE c.seq IN (SELECT seq FROM temp.continued) OR NOT ({there})"
    )
    return int(found)


def conversation_bytes(store: Store, sessions: Collection[str]) -> int:
    """Return about how many bytes the rows of these sessions take in a database, with their indexes."""
    ((pages,),) = store.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    share = pages * min(1.0, 1.2 * len(sessions) / max(store.count(), 1))
    said = 0  # which may be more than their share, and is quickly added up where they are few
    for table in session_tables(store.connection) if 2 * len(sessions) < store.count() else ():
        if "data" in table.columns:
            sql = f"SELECT total(length(CAST(data AS BLOB))) FROM main.{table.name} WHERE {table.owner} {IN}"
            said += int(store.rows(sql, [array_of(sessions)])[0][0])
    return int(max(share, min(1.2 * said, pages)) + 4096)


# -- statements ------------------------------------------------------------------------------------------------------


def _bring_statements(staging: Staging) -> Iterator[tuple[str, bool]]:
    db = staging.store.connection
    theirs = {table.name: table for table in session_tables(db, SOURCE)}
    for table in session_tables(db):
        if (other := theirs.get(table.name)) is None or table.name in NOT_MERGED:
            continue
        values = {name: _value(staging, table, name) for name in table.columns if name in other.columns}
        if table.is_of_sessions:
            values |= {name: _bound_value(staging, table, name) for name in table.columns if name in _BOUND}
        named, selected = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
        sql = (
            f'INSERT INTO main."{table.name}" ({named}) SELECT {selected} FROM temp.change c '
            "JOIN temp.way w ON w.id = c.way JOIN temp.binding b ON b.id = w.after "
            f'JOIN {SOURCE}."{table.name}" o ON o."{table.owner}" = c.session WHERE {_WHOLE}'
        )
        yield sql, _counts(staging, table)


def _value(staging: Staging, table: TableOfSessions, column: str) -> str:
    """Return the SQL of a value that is copied."""
    if (table.name, column) in CLEARED:
        return "NULL" if CLEARED[table.name, column] is None else str(CLEARED[table.name, column])
    value = f'o."{column}"'
    if table.is_of_sessions:
        if column == "revert":
            return (
                f"CASE WHEN w.detach AND json_valid({value}) "
                f"THEN json_remove({value}, '$.snapshot', '$.diff', '$.files') ELSE {value} END"
            )
        return value
    if column == "data" and table.name in _DETACHED and any(way.undo == "detach" for way in staging.ways):
        live, files = _DETACHED[table.name]
        live = live.replace("data", "o.data").replace("CASE WHEN type =", "CASE WHEN o.type =")
        return f"CASE WHEN w.detach AND {live} THEN json_set({value}, '{files}', json('[]')) ELSE {value} END"
    return value


def _bound_value(staging: Staging, table: TableOfSessions, column: str) -> str:
    """Return the SQL of a column of the binding. What opencode 1 has of a session that keeps its place stays so.

    But for its workspace, which is one of the other database.
    """
    if table.name == "session" and staging.store.schema.has_v2 and column != "workspace_id":
        return f"CASE WHEN w.before = w.after THEN o.{column} ELSE b.{column} END"
    return f"b.{column}"


def _counts(staging: Staging, table: TableOfSessions) -> bool:
    """Tell whether the rows of a table count as sessions: where two tables have one, the first counts."""
    return table.name == staging.store.schema.tables[0]


def _run(staging: Staging, sql: str | tuple[str, bool], first: int, last: int) -> int:
    statement, counts = (sql, True) if isinstance(sql, str) else sql
    done = staging.store.connection.execute(statement, [first, last]).rowcount
    return done if counts else 0


def _columns(staging: Staging, table: str, schema: str) -> list[str]:
    rows = staging.store.connection.execute("SELECT name FROM pragma_table_info(?, ?)", [table, schema])
    return [name for (name,) in rows]
