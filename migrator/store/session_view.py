"""One table of sessions to read from, whichever opencode wrote the database.

A database with `session_v2` gets a temporary view named `session`, in the place of the table of opencode 1: a name
without a schema means the temporary one first. It holds every session once: where both opencodes have a row, that of
opencode 2, which never reads the other. Nothing of it is in the file. A database of opencode 1 has no view.

Statements that write name `main.session` or `main.session_v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from migrator.store.schema import Schema

# Opencode 2 leaves a session without a title until it has found one.
_COMPUTED = {"title": "coalesce(title, '')"}


def make_view(db: sqlite3.Connection, schema: Schema) -> None:
    """Make the view where the schema needs one, with the columns of opencode 2; what opencode 1 lacks is NULL."""
    if not schema.has_v2:
        return
    columns = _columns(db, "session_v2")
    select = f"SELECT {_listed(columns, columns)} FROM main.session_v2"
    if schema.has_v1:
        only_v1 = "WHERE NOT EXISTS (SELECT 1 FROM main.session_v2 v WHERE v.id = old.id)"
        select += f" UNION ALL SELECT {_listed(columns, _columns(db, 'session'))} FROM main.session old {only_v1}"
    db.execute(f"CREATE TEMP VIEW session AS {select}")


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?, 'main')", [table])]


def _listed(columns: Iterable[str], there: Collection[str]) -> str:
    return ", ".join(f"{_COMPUTED.get(name, name) if name in there else 'NULL'} AS {name}" for name in columns)
