"""What keeps sessions of another database from coming here.

Those are tables that no opencode makes, ids that are taken, and sessions to which nothing can be added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.errors import MigratorError
from migrator.store.obstacles import has_rowid, triggers
from migrator.store.row_json import OddText
from migrator.store.session_tables import NOT_MERGED, session_tables
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.store.reader import Store
    from migrator.store.session_tables import TableOfSessions

_FEW = 10
"""Ids are looked up one by one if a table has more than this many times as many rows."""


class TakenId(NamedTuple):
    """A row that can't come: it is of the session `there` in the other database, and its id is one of `here` in ours.

    The two are the same session if it was deleted here, and rows of it were left: then `id` is "".
    """

    table: str
    id: str
    there: str
    here: str


def check_session_tables(store: Store) -> None:
    """Raise MigratorError if to insert or delete whole sessions would write more or less than that.

    A move writes to few tables, and the schema says whether that is safe; this is about all that hang on a session.
    """
    db, tables = store.connection, [table.name for table in session_tables(store.connection)]
    why = [f"table {table} has a trigger, {name}, which no opencode makes" for table, name in triggers(db, tables)]
    why += [f"table {table} is WITHOUT ROWID, as no opencode makes any" for table in tables if not has_rowid(db, table)]
    if why:
        raise MigratorError(f"No whole session is written into {store.path}, or taken out of it: {why[0]}.")


def taken_ids(ours: Store, theirs: Store, sessions: Collection[str]) -> list[TakenId]:
    """Return the rows of these sessions that can't come, since this database has their ids already.

    Another session has them here; or the session itself had, see `tables_of_deleted`.
    """
    left = tables_of_deleted(ours, set(sessions) - ours.existing(sessions))
    found = [TakenId(table, "", session, session) for session, table in left.items()]
    there = {table.name for table in session_tables(theirs.connection)}
    for table in session_tables(ours.connection):
        if "id" in table.columns and table.name in there - NOT_MERGED and not table.is_of_sessions:
            found += _taken_in(table, ours, theirs, sessions)
    return found


def tables_of_deleted(store: Store, gone: Collection[str]) -> dict[str, str]:
    """Map those of these sessions that aren't in this database, but have rows in it, to the first table with any.

    Somebody deleted the session's own row alone, and what is left of it would be mixed with what comes.
    """
    wanted, found = array_of(gone), dict[str, str]()
    for table in session_tables(store.connection) if gone else ():
        if not table.is_of_sessions:
            left = f'SELECT DISTINCT "{table.owner}" FROM main."{table.name}" WHERE "{table.owner}" {IN}'
            found = {session: table.name for (session,) in store.rows(left, [wanted])} | found
    return found


def _taken_in(table: TableOfSessions, ours: Store, theirs: Store, sessions: Collection[str]) -> list[TakenId]:
    ((rows,),) = ours.rows(f'SELECT count(*) FROM main."{table.name}"')
    if not rows:
        return []
    some = None if theirs.is_most(sessions) else sessions
    coming = _owners(theirs, table, some)
    if some is None:
        wanted = set(sessions)
        coming = {id_: owner for id_, owner in coming.items() if owner in wanted}
    select = f'SELECT id, {table.owner} FROM main."{table.name}"'
    if len(coming) * _FEW < rows:
        here = ours.rows(f"{select} WHERE id {IN}", [array_of(coming)])
    else:
        here = [*ours.each_row(select, [])]
    return [
        TakenId(table.name, id_, coming[id_], owner) for id_, owner in here if id_ in coming and owner != coming[id_]
    ]


def _owners(store: Store, table: TableOfSessions, sessions: Collection[str] | None) -> dict[str, str]:
    """Map the ids of a table's rows, of these sessions or of all, to their sessions."""
    where, params = ("", []) if sessions is None else (f"WHERE {table.owner} {IN}", [array_of(sessions)])
    return dict(store.rows(f'SELECT id, {table.owner} FROM main."{table.name}" {where}', params))


def rows_without_text(ours: Store, theirs: Store, sessions: Collection[str]) -> dict[str, str]:
    """Map those of these sessions of both databases to a row that can't be written into a journal as it is.

    Such a row holds bytes, or text that isn't UTF-8. Only those count that `theirs` would add, or that would be
    replaced: a row with an id that is here already stays.
    """
    wanted, found = array_of(sessions), dict[str, str]()
    for store in (ours, theirs):
        for table in session_tables(store.connection):
            has_id = "id" in table.columns and not table.is_of_sessions
            if table.name in NOT_MERGED or (store is ours and has_id):
                continue
            at, named_by = table.columns.index(table.owner), table.columns.index("id" if has_id else table.owner)
            named = ", ".join(f'"{name}"' for name in table.columns)
            sql = f'SELECT {named} FROM main."{table.name}" WHERE "{table.owner}" {IN}'
            odd = [row for row in store.each_row(sql, [wanted]) if any(isinstance(v, (bytes, OddText)) for v in row)]
            here: set[Any] = set()
            if has_id and odd:
                ids = array_of(row[named_by] for row in odd)
                here = {id_ for (id_,) in ours.rows(f'SELECT id FROM main."{table.name}" WHERE id {IN}', [ids])}
            for row in odd:
                if row[named_by] not in here:
                    found.setdefault(row[at], f"{table.name} {row[named_by]}")
    return found


def why_nothing_can_be_added(ours: Store, theirs: Store, sessions: Collection[str]) -> dict[str, str]:
    """Map those of these sessions of both databases that must stay as they are here to why.

    The next prompt in a session that is reverted deletes the messages after that point. In opencode 2, no two messages
    of a session have one number; where they would, it went on here too, if only by being moved.
    """
    wanted, table = array_of(sessions), ours.schema.tables[0]
    found = {id_: f"{row} isn't valid text" for id_, row in rows_without_text(ours, theirs, sessions).items()}
    if "revert" in ours.columns_of(table):
        for (id_,) in ours.rows(f"SELECT id FROM main.{table} WHERE revert IS NOT NULL AND id {IN}", [wanted]):
            found.setdefault(id_, "it is reverted to an earlier message here; opencode's redo, or a prompt, ends that")
    if ours.schema.has_v2 and theirs.schema.has_v2:
        sql = f"SELECT session_id, seq, id FROM main.session_message WHERE session_id {IN} ORDER BY seq"
        here = {(session, seq): id_ for session, seq, id_ in ours.rows(sql, [wanted])}
        ids = set(here.values())
        for session, seq, id_ in theirs.rows(sql, [wanted]):
            if id_ not in ids and (session, seq) in here:
                why = f"it went on here too: {here[session, seq]} here and {id_} there are both its number {seq}"
                found.setdefault(session, why)
    return found
