"""One table of sessions for whoever reads, whatever opencode the database is of.

A database with `session_v2` gets a temporary view named `session`, in the place of the table of opencode 1: a name
without a schema means the temporary one first. It holds every session once, and where both opencodes have a row, what
opencode 2 says, which never reads the other. Nothing of it is in the file, and a database of opencode 1 has no view.

What writes says `main.session` or `main.session_v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from migrator.store.schema import Schema

COLUMNS = (
    "id", "parent_id", "fork_session_id", "project_id", "directory", "path", "workspace_id", "title", "version",
    "revert", "time_created", "time_updated", "time_archived",
)  # fmt: skip

# Opencode 2 leaves a session without a title until it has found one; opencode 1 knows no forks.
_V2 = {"title": "coalesce(title, '')"}
_V1 = {"fork_session_id": "NULL"}


def make_view(db: sqlite3.Connection, schema: Schema) -> None:
    """Make the view where the schema needs one."""
    if not schema.has_v2:
        return
    select = f"SELECT {_listed(_V2)} FROM main.session_v2"
    if schema.has_v1:
        only_v1 = "WHERE NOT EXISTS (SELECT 1 FROM main.session_v2 v WHERE v.id = old.id)"
        select += f" UNION ALL SELECT {_listed(_V1)} FROM main.session old {only_v1}"
    db.execute(f"CREATE TEMP VIEW session AS {select}")


def _listed(computed: dict[str, str]) -> str:
    return ", ".join(f"{computed.get(column, column)} AS {column}" for column in COLUMNS)
