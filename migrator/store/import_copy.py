"""The copy of a database that opencode 2 is given to import: it holds a few sessions of opencode 1, and nothing else.

Only opencode 2 knows how to convert these sessions. Learnt from its source, and seen when that was run: at every start
it upgrades the tables, then copies each row of `session` that isn't in `session_v2` and builds its messages anew out of
`message` and `part`, in a transaction for each session; `kv` says when it is done. No id and no time that it makes is
random, so the same sessions become the same rows again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from migrator.disk.bounded import check_plain, opened
from migrator.store.connection import file_uri
from migrator.store.obstacles import lacks
from migrator.store.opencode_2_schema import COMPLETED, REQUIRED, import_phase, is_preview
from migrator.store.schema import newest_upgrade
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from migrator.store.reader import Store

_UPGRADES = ("migration", "__drizzle_migrations")
"""Tables in which opencode keeps which upgrades a database has seen."""

_OF_1 = ("part", "message", "todo", "session_share", "session")

_BUSY_SECONDS = 1.0


def write_copy(store: Store, sessions: Collection[str], copy: Path) -> None:
    """Make a database at `copy` that has the tables of `store`, and in them what opencode 1 has of these sessions.

    No share, no credential and nothing of opencode 2 is in it, and of the projects only theirs.
    """
    wanted = array_of(sessions)
    project = f"id IN (SELECT project_id FROM main.session WHERE id {IN})"
    rows = {
        **{table: ("TRUE", []) for table in _UPGRADES if store.columns_of(table)},
        "project": (project, [wanted]),
        "session": (f"id {IN}", [wanted]),
        **{table: (f"session_id {IN}", [wanted]) for table in ("message", "part")},
    }
    schema = (
        "SELECT sql FROM main.sqlite_master WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    with closing(sqlite3.connect(copy, isolation_level=None)) as made:
        made.execute("PRAGMA synchronous = OFF")
        made.execute("BEGIN")
        for (sql,) in store.rows(schema, ["table"]):
            made.execute(sql)
        for table, (condition, params) in rows.items():
            columns = ", ".join(f'"{name}"' for name in store.columns_of(table))
            marks = ", ".join("?" for _ in store.columns_of(table))
            found = store.each_row(f"SELECT {columns} FROM main.{table} WHERE {condition}", params)
            made.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", found)
        for (sql,) in store.rows(schema, ["index"]):
            made.execute(sql)
        made.execute("COMMIT")


def imported_so_far(copy: Path) -> tuple[int, bool]:
    """Return how many sessions opencode 2 has imported into a copy, and whether it is done; it may be at work.

    The copy is only read, and isn't opened if something else lies there by now.
    """
    try:
        check_plain(copy.lstat())
        with closing(sqlite3.connect(file_uri(copy, "mode=ro"), uri=True, timeout=_BUSY_SECONDS)) as db:
            ((done,),) = db.execute("SELECT count(*) FROM session_v2")
            return done, import_phase(db) == COMPLETED
    except (OSError, sqlite3.Error):  # it is being upgraded, and has no such table yet
        return 0, False


def take_over(copy: Path, made: Path) -> None:
    """Copy what opencode 2 has made of its copy, with the log that it may have left, to a new file of ours.

    What a program left behind is never written to, and never followed: it could be a link to somebody's database.
    Raises OSError, whose `strerror` says why, if it is no regular file.
    """
    for suffix in ("", "-wal") if os.path.lexists(f"{copy}-wal") else ("",):
        with opened(f"{copy}{suffix}", follow=False) as left, open(f"{made}{suffix}", "xb") as ours:
            shutil.copyfileobj(os.fdopen(left, "rb", closefd=False), ours)


def finish(made: Path, sessions: Collection[str], upgraded: str | None) -> str | None:
    """Take the tables of opencode 1 out of what `take_over` took.

    Return why what it made can't be used, as the end of a sentence, or None. `upgraded` is the date of the newest
    schema upgrade in the receiving database.
    """
    with closing(sqlite3.connect(made, isolation_level=None)) as db:
        if is_preview(db):
            return "made a database of a preview of opencode 2, whose rules aren't those of 2.0"
        if (newest := newest_upgrade(db)) is not None and upgraded is not None and newest > upgraded:
            return "is newer than the tables of this database: start it on this database once, which upgrades them"
        imported = {id_ for (id_,) in db.execute(f"SELECT id FROM session_v2 WHERE id {IN}", [array_of(sessions)])}
        if missing := sorted(set(sessions) - imported):
            return f"imported {len(imported)} of {len(sessions)} sessions; {missing[0]} is missing"
        if lacking := next(lacks(db, REQUIRED, "known opencode"), None):
            return f"made no database of opencode 2.0: {lacking}"
        db.execute("PRAGMA foreign_keys = OFF")
        for table in _OF_1:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        db.execute("PRAGMA journal_mode = DELETE")
    return None
