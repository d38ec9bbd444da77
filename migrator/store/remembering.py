"""Which directories the database remembers: those of sessions, and those of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Remembered

if TYPE_CHECKING:
    from migrator.store.reader import Store


def remembered_directories(store: Store) -> list[Remembered]:
    """Return every directory that a session is bound to, once for each project and `path` it is bound with."""
    path = "path" if store.schema.has_path else "NULL"
    rows = store.rows(
        f"SELECT directory, project_id, {path}, count(*), min(time_created) FROM session GROUP BY 1, 2, 3 ORDER BY 1, 2"
    )
    return [Remembered._make(row) for row in rows]


def project_directories(store: Store) -> list[tuple[str, str]]:
    """Return (project id, directory) of the checkouts that opencode has on record, gone ones too (from 1.17.0 on)."""
    return [(id_, directory) for id_, directories in store.project_directories().items() for directory in directories]
