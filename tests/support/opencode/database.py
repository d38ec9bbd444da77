"""The database as it is, and the wrong way to change it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.lab import Lab


def all_rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, and the schema as one more, out of a copy made by SQLite's backup."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(":memory:")) as copy:
        source.backup(copy)
        tables = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(copy.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in ["sqlite_master", *tables]
        }


def naive_move(lab: Lab, source: Path, destination: Path, destination_session: str) -> None:
    """What one would type into `sqlite3`: the same project and directory as a session that is at home there."""
    with closing(sqlite3.connect(lab.opencode.database)) as database, database:
        update = """
            UPDATE session SET project_id = (SELECT project_id FROM session WHERE id = ?), directory = ?
            WHERE directory = ?
        """
        assert database.execute(update, (destination_session, str(destination), str(source))).rowcount


def deleted_by_undo_after_naive_move(lab: Lab) -> set[str]:
    """Move A's sessions to B the naive way, and let opencode undo the first turn of `main`; return the files lost."""
    naive_move(lab, lab.a, lab.b, lab.sessions["in b"])
    main, before = lab.sessions["main"], lab.files()
    with lab.opencode.serve(lab.b):
        lab.opencode.revert(main, lab.opencode.turns(main)[0], lab.b)
    return before.keys() - lab.files().keys()
