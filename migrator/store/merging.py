"""Copying all rows of sessions from one database into another, keeping them in a journal, and deleting them.

The words of the statements: a session is `staged` in `temp.change` (staging.py), by its number `seq`; its `way` leads
from one binding to another, its `destination`. Rows come from an attached database, as `theirs`; or from the tables of
a journal that kept them, as `kept`. Each statement is about one table and a whole chunk: the staged sessions with two
numbers, and all between them. Those that this database has had before are in `temp.continued`: what is added to them is
brought by single edits, so they are left alone here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.store.session_tables import BOUND, CLEARED, NOT_MERGED, TableOfSessions, session_tables
from migrator.store.sql import IN, UNDO_FILES, array_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator

    from migrator.store.reader import Store
    from migrator.store.staging import Staging

SOURCE = "source"
"""The name under which the database that rows come from is attached."""

KEPT = "kept."
"""The prefix of a journal's tables that hold deleted rows: `kept_seq`, then the columns of the database's table."""

_CHUNK = "staged.seq BETWEEN ? AND ? AND staged.seq NOT IN (SELECT seq FROM temp.continued)"
"""SQL: the staged sessions of a chunk, by the numbers of its first and its last one, without the continued ones."""


# -- what is staged and attached -----------------------------------------------------------------------------------


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
    """Note in `temp.continued` which of the staged sessions this database has had before."""
    db = staging.store.connection
    db.execute("DROP TABLE IF EXISTS temp.continued")
    db.execute("CREATE TEMP TABLE continued (seq INTEGER PRIMARY KEY)")
    numbers = f"SELECT seq FROM temp.change WHERE session {IN}"
    db.execute(f"INSERT INTO temp.continued {numbers}", [array_of(sessions)]).fetchall()


# -- rows come -----------------------------------------------------------------------------------------------------


def bring(staging: Staging, first: int, last: int) -> int:
    """Copy all rows of the staged sessions `first` to `last` from `source`; return the number of sessions.

    They are bound as staged, and file undo is detached where that is staged. Columns that only this database has get
    the default of the schema, as in opencode's own upgrades. Tables in NOT_MERGED aren't copied, and columns in CLEARED
    are cleared (session_tables.py).
    """
    there = {table.name: table for table in session_tables(staging.store.connection, SOURCE)}
    counts = {
        table.name: _bring_rows(staging, table, there[table.name], first, last)
        for table in session_tables(staging.store.connection)
        if table.name in there and table.name not in NOT_MERGED
    }
    if staging.store.schema.has_v2:
        _find_rows_of_2(staging, first, last)
    return _sessions_in(staging, counts)


def _bring_rows(staging: Staging, table: TableOfSessions, there: TableOfSessions, first: int, last: int) -> int:
    """Copy the rows that one table has of the staged sessions; return their number."""
    values = {column: _value(staging, table, column) for column in table.columns if column in there.columns}
    return _run(
        staging,
        f"""
        INSERT INTO main."{table.name}" ({_quoted(values)})
        SELECT {", ".join(values.values())}
        FROM temp.change AS staged
        JOIN temp.way AS way ON way.id = staged.way
        JOIN temp.binding AS destination ON destination.id = way.after
        JOIN {SOURCE}."{table.name}" AS theirs ON theirs."{table.owner}" = staged.session
        WHERE {_CHUNK}
        """,
        first,
        last,
    )


def _find_rows_of_2(staging: Staging, first: int, last: int) -> None:
    """Stage the rowids of sessions that have just come, by which the edits that opencode 2 needs find them."""
    row = (
        "SELECT came.rowid FROM temp.change AS staged JOIN main.session_v2 AS came ON came.id = staged.session "
        "WHERE staged.seq = rebind.seq"
    )
    staging.store.connection.execute(
        f"UPDATE temp.rebind SET row = ({row}), table_number = 0 WHERE seq BETWEEN ? AND ?", [first, last]
    )


def bring_back(staging: Staging, first: int, last: int) -> int:
    """Copy all rows of the staged sessions from a journal that is attached as `source` and kept them; as `bring`."""
    counts = {
        table.name: _bring_kept_rows(staging, table, first, last)
        for table in session_tables(staging.store.connection)
        if _kept_columns(staging.store, table, SOURCE)
    }
    return _sessions_in(staging, counts)


def _bring_kept_rows(staging: Staging, table: TableOfSessions, first: int, last: int) -> int:
    """Copy the rows of one table that a journal kept of the staged sessions, which have other numbers in it."""
    columns = _kept_columns(staging.store, table, SOURCE)
    return _run(
        staging,
        f"""
        INSERT INTO main."{table.name}" ({_quoted(columns)})
        SELECT {_quoted(columns, "kept")}
        FROM temp.change AS staged
        JOIN {SOURCE}.change AS taken_out ON taken_out.session = staged.session
        JOIN {SOURCE}."{KEPT}{table.name}" AS kept ON kept.kept_seq = taken_out.seq
        WHERE {_CHUNK}
        """,
        first,
        last,
    )


def ids_taken(store: Store) -> dict[str, str]:
    """Map the staged sessions that can't come back from a journal, attached as `source`, to why: an id is taken."""
    found: dict[str, str] = {}
    for table in session_tables(store.connection):
        if table.is_of_sessions or "id" not in _kept_columns(store, table, SOURCE):
            continue
        taken = store.rows(
            f"""
            SELECT staged.session, kept.id, ours."{table.owner}"
            FROM temp.change AS staged
            JOIN {SOURCE}.change AS taken_out ON taken_out.session = staged.session
            JOIN {SOURCE}."{KEPT}{table.name}" AS kept ON kept.kept_seq = taken_out.seq
            JOIN main."{table.name}" AS ours ON ours.id = kept.id
            """
        )
        found |= {session: f"has {table.name} {id_}, which is here in {owner} now" for session, id_, owner in taken}
    return found


# -- rows go -------------------------------------------------------------------------------------------------------


def keep(staging: Staging, journal: sqlite3.Connection, first: int, last: int) -> None:
    """Copy all rows of the staged sessions into the attached `journal`; those of an earlier try are replaced."""
    for table in session_tables(staging.store.connection):
        rows = f"""
            SELECT staged.seq AS kept_seq, {_quoted(table.columns, "ours")}
            FROM temp.change AS staged
            JOIN main."{table.name}" AS ours ON ours."{table.owner}" = staged.session
        """
        kept = f'"{KEPT}{table.name}"'
        if not _kept_columns(staging.store, table, "journal"):
            journal.execute(f"CREATE TABLE journal.{kept} AS {rows} WHERE FALSE")
            journal.execute(f'CREATE INDEX journal."{KEPT}{table.name}.seq" ON {kept} (kept_seq)')
        journal.execute(f"DELETE FROM journal.{kept} WHERE kept_seq BETWEEN ? AND ?", [first, last])
        in_order = f"{rows} WHERE {_CHUNK} ORDER BY staged.seq, ours.rowid"
        journal.execute(f"INSERT INTO journal.{kept} {in_order}", [first, last])


def take_out(staging: Staging, first: int, last: int) -> int:
    """Delete all rows of the staged sessions; return the number of sessions. Foreign keys must be off."""
    sessions = f"SELECT staged.session FROM temp.change AS staged WHERE {_CHUNK}"
    counts = {
        table.name: _run(staging, f'DELETE FROM main."{table.name}" WHERE "{table.owner}" IN ({sessions})', first, last)
        for table in session_tables(staging.store.connection)
    }
    return _sessions_in(staging, counts)


def count_gone(staging: Staging) -> int:
    """Count the staged sessions that are in no table any more, or that were only continued."""
    there = " OR ".join(
        f"EXISTS (SELECT 1 FROM main.{table} AS ours WHERE ours.id = staged.session)"
        for table in staging.store.schema.tables
    )
    continued = "staged.seq IN (SELECT seq FROM temp.continued)"
    ((found,),) = staging.store.rows(f"SELECT count(*) FROM temp.change AS staged WHERE {continued} OR NOT ({there})")
    return int(found)


# -- how much it is ------------------------------------------------------------------------------------------------


def conversation_bytes(store: Store, sessions: Collection[str]) -> int:
    """Return about how many bytes the rows of these sessions take in a database, with their indexes.

    That is their share of the database by number. If they are fewer than half, the length of their rows is added up
    too, and the greater number is taken.
    """
    ((whole,),) = store.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    share = whole * min(1.0, 1.2 * len(sessions) / max(store.count(), 1))
    said = 0
    for table in () if store.is_most(sessions) else session_tables(store.connection):
        if "data" in table.columns:
            sql = f'SELECT total(length(CAST(data AS BLOB))) FROM main."{table.name}" WHERE "{table.owner}" {IN}'
            said += int(store.rows(sql, [array_of(sessions)])[0][0])
    return int(max(share, min(1.2 * said, whole)) + 4096)


# -- pieces of the statements --------------------------------------------------------------------------------------


def _value(staging: Staging, table: TableOfSessions, column: str) -> str:
    """Return the SQL of the value that a column of a copied row gets here."""
    theirs = f'theirs."{column}"'
    if (table.name, column) in CLEARED:
        return "NULL" if CLEARED[table.name, column] is None else str(CLEARED[table.name, column])
    if table.is_of_sessions and column in BOUND:
        return _bound_value(staging, table, column)
    if table.is_of_sessions and column == "revert":
        without_files = f"json_remove({theirs}, '$.snapshot', '$.diff', '$.files')"
        return f"CASE WHEN way.detach AND json_valid({theirs}) THEN {without_files} ELSE {theirs} END"
    if column == "data" and table.name in UNDO_FILES and any(way.undo == "detach" for way in staging.ways):
        has_files, files = UNDO_FILES[table.name]
        without_files = f"json_set({theirs}, '{files}', json('[]'))"
        return f"CASE WHEN way.detach AND {has_files} THEN {without_files} ELSE {theirs} END"
    return theirs


def _bound_value(staging: Staging, table: TableOfSessions, column: str) -> str:
    """Return the SQL of the value of a column that says where a session belongs.

    In a database that opencode 2 has too, a session that keeps its place keeps the values of its opencode 1 row, except
    the workspace, which is one of the other database.
    """
    if table.name == "session" and staging.store.schema.has_v2 and column != "workspace_id":
        return f"CASE WHEN way.before = way.after THEN theirs.{column} ELSE destination.{column} END"
    return f"destination.{column}"


def _quoted(columns: Collection[str], row: str = "") -> str:
    """Return the names of columns, of a row if it is named, one after the other."""
    return ", ".join(f'{row}."{column}"' if row else f'"{column}"' for column in columns)


def _kept_columns(store: Store, table: TableOfSessions, journal: str) -> list[str]:
    """Return the columns of a table that an attached journal has kept; none where it kept no row of it."""
    sql = "SELECT name FROM pragma_table_info(?, ?)"
    rows = store.connection.execute(sql, [f"{KEPT}{table.name}", journal])
    return [name for (name,) in rows if name in table.columns]


def _run(staging: Staging, statement: str, first: int, last: int) -> int:
    """Run a statement for the staged sessions `first` to `last`; return the number of rows."""
    return staging.store.connection.execute(statement, [first, last]).rowcount


def _sessions_in(staging: Staging, counts: dict[str, int]) -> int:
    """Return the number of sessions, given the number of rows by table; of two tables of sessions the first counts."""
    return counts.get(staging.store.schema.tables[0], 0)
