"""The same move as somebody who knows opencode's tables would write it: one SQL script for the `sqlite3` shell."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import zip_longest
from typing import TYPE_CHECKING

from benchmarks.databases import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

# Every directory is SOURCES, four digits and perhaps a sub-path, which is kept. Part rows hold "type":"patch" as it
# is written here, so few of them need to be parsed.
_SCRIPT = """
PRAGMA foreign_keys = ON;
BEGIN IMMEDIATE;
INSERT OR IGNORE INTO project (id, worktree, vcs, time_created, time_updated, sandboxes)
VALUES ('{project}', '{to}', 'git', unixepoch() * 1000, unixepoch() * 1000, '[]');
UPDATE part SET data = json_set(data, '$.files', json('[]'))
WHERE session_id IN (SELECT id FROM session WHERE directory GLOB '{sources}*')
AND instr(data, '"type":"patch"') AND json_extract(data, '$.type') = 'patch' AND json_array_length(data, '$.files') > 0;
UPDATE session SET
    project_id = '{project}',
    directory = '{to}' || substr(directory, {length} + 1),
    path = ltrim(substr(directory, {length} + 1), '/'),
    workspace_id = NULL,
    revert = json_remove(revert, '$.snapshot', '$.diff')
WHERE directory GLOB '{sources}*';
COMMIT;
"""


def script(destination: Path, project: str) -> str:
    """Return the SQL that moves every session to the repository `destination`, whose project id is `project`."""
    return _SCRIPT.format(project=project, to=destination, sources=SOURCES, length=len(f"{SOURCES}0000"))


def differences(one: Path, other: Path) -> list[str]:
    """Compare two databases row by row and column by column; only the birth of the new project row may differ."""
    with closing(_reading(one)) as ours, closing(_reading(other)) as theirs:
        found = [
            f"{table}: {row!r:.300} and {expected!r:.300}"
            for table in ("session", "part", "message")
            for row, expected in zip_longest(*(c.execute(f"SELECT * FROM {table} ORDER BY id") for c in (ours, theirs)))
            if row != expected
        ]
        projects = "SELECT id, worktree, vcs, name, sandboxes FROM project ORDER BY id"
        if ours.execute(projects).fetchall() != theirs.execute(projects).fetchall():
            found.append("project rows differ")
        return found


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)
