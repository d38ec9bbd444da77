"""The same merge as somebody who knows opencode's tables would write it: ATTACH and INSERT, for the `sqlite3` shell."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.databases import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

# As in `by_hand`: every directory is SOURCES, four digits and perhaps a sub-path, which is kept, and no file undo goes
# along. What hangs on sessions and is empty in these databases is named too: whoever merges by hand can't know that.
_SCRIPT = """
PRAGMA foreign_keys = ON;
ATTACH 'file:{other}?mode=ro' AS other;
BEGIN IMMEDIATE;
INSERT OR IGNORE INTO project (id, worktree, vcs, time_created, time_updated, sandboxes)
VALUES ('{project}', '{to}', 'git', unixepoch() * 1000, unixepoch() * 1000, '[]');
INSERT INTO session ({columns}) SELECT {values} FROM other.session ORDER BY id;
INSERT INTO message SELECT * FROM other.message ORDER BY id;
INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
SELECT id, message_id, session_id, time_created, time_updated, CASE
    WHEN instr(data, '"type":"patch"') AND json_extract(data, '$.type') = 'patch'
        AND json_array_length(data, '$.files') > 0 THEN json_set(data, '$.files', json('[]'))
    ELSE data END
FROM other.part ORDER BY id;
INSERT INTO todo SELECT * FROM other.todo;
INSERT INTO event_sequence (aggregate_id, seq) SELECT aggregate_id, seq FROM other.event_sequence;
INSERT INTO event SELECT * FROM other.event;
COMMIT;
"""


def merge_script(other: Path, destination: Path, project: str) -> str:
    """Return the SQL that brings every session of `other` into the repository `destination`, a project's id its own."""
    with closing(sqlite3.connect(f"file:{other}?mode=ro", uri=True)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(session)")]
    below = f"substr(directory, {len(f'{SOURCES}0000') + 1})"
    computed = {
        "project_id": f"'{project}'",
        "directory": f"'{destination}' || {below}",
        "path": f"ltrim({below}, '/')",
        "workspace_id": "NULL",
        "share_url": "NULL",
        "time_compacting": "NULL",
        "revert": "json_remove(revert, '$.snapshot', '$.diff')",
    }
    values = ", ".join(computed.get(column, column) for column in columns)
    return _SCRIPT.format(other=other, project=project, to=destination, columns=", ".join(columns), values=values)
