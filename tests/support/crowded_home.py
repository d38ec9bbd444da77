"""A database of a few thousand sessions, so that a run takes long enough for something to happen to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support.home import Home, build_home

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"

# Every third session is a child of the one before it, every fiftieth is reverted, each has changed two files.
_FILL = f"""
    {_NUMBERS}
    INSERT INTO session (id, parent_id, project_id, directory, path, slug, title, version, revert, time_created,
        time_updated)
    SELECT printf('ses_%06d', i), CASE i % 3 WHEN 2 THEN printf('ses_%06d', i - 1) END, s.project_id, s.directory, '',
        'x', 'Session ' || i, s.version,
        CASE i % 50 WHEN 0 THEN '{{"messageID":"msg_1","snapshot":"ab","diff":"d"}}' END, i, i
    FROM n, session s WHERE s.title = 'A root session';
    {_NUMBERS}
    INSERT INTO message (id, session_id, time_created, time_updated, data)
    SELECT printf('msg_%06d', i), printf('ses_%06d', i), i, i, '{{"role":"assistant"}}' FROM n;
    {_NUMBERS}
    INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
    SELECT printf('prt_%06d', i), printf('msg_%06d', i), printf('ses_%06d', i), i, i,
        '{{"type":"patch","hash":"ab","files":["/a/' || i || '.txt","/b/' || i || '.txt"]}}' FROM n
"""


def crowded_home(path: Path, sessions: int = 3000) -> Home:
    """A home with `sessions` more sessions in ~/src/repoA, which is gone."""
    home = build_home(path, "1.18.34")
    with closing(sqlite3.connect(home.database)) as connection, connection:
        for statement in _FILL.split(";\n"):
            connection.execute(statement, {"last": sessions - 1})
    return home
