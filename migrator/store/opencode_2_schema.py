"""What opencode 2.0 adds to a database, and whether ours may be written to.

No 2.0 program could be run for this: learnt from its source, from databases that its code wrote when it was run, and
from those of 2.0.12 to 2.0.26 that others captured. So whatever isn't known of the tables that we write is a reason to
leave them alone.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from migrator.store.connection import columns_of
from migrator.store.obstacles import lacks, obstacles
from migrator.store.row_json import decode

if TYPE_CHECKING:
    import sqlite3

_SESSION = (
    "id project_id workspace_id parent_id fork_session_id directory path title version revert time_created "
    "time_updated time_archived time_suspended"
)

REQUIRED = {
    "session_v2": frozenset(_SESSION.split()),
    "session_message": frozenset("id session_id type seq time_created time_updated data".split()),  # noqa: SIM905 - reads as a row
    "project": frozenset("id worktree vcs name time_created time_updated sandboxes".split()),  # noqa: SIM905 - as above
}

_REQUIRED_TO_WRITE = {
    "session_inbox": frozenset("id session_id type payload delivery enqueued_seq time_created".split()),  # noqa: SIM905 - as above
    "event_sequence": frozenset({"aggregate_id", "seq"}),
}

COMPLETED = "completed"

NEVER_IMPORTED = "never-imported"
"""The rule that reports sessions that opencode 2 has never imported."""

_WHO = "known opencode"

_WRITTEN = {
    "session_v2": frozenset("project_id directory path workspace_id revert".split()),  # noqa: SIM905 - as above
    "session": frozenset("project_id directory path workspace_id revert".split()),  # noqa: SIM905 - as above
    "session_message": REQUIRED["session_message"],
    **_REQUIRED_TO_WRITE,
    "project": frozenset({"id", "worktree", "sandboxes"}),
    "part": frozenset({"data"}),
    "project_directory": frozenset({"project_id", "directory"}),
    "workspace": frozenset({"directory"}),
}
"""The columns that we set in existing rows."""

_INSERTED = {
    table: (REQUIRED | _REQUIRED_TO_WRITE)[table] for table in ("session_message", "event_sequence", "project")
}
"""The columns that we fill in new rows."""


def is_preview(db: sqlite3.Connection) -> bool:
    """Tell whether a preview of opencode 2 wrote it, and no 2.0 has opened it since (seen with one of August 2026).

    Its program has no projects of plain directories: they are all of `global`, as in opencode 1.
    """
    return not (columns_of(db, "session_inbox") or columns_of(db, "worktree"))


def obstacle(db: sqlite3.Connection, *, with_v1: bool) -> str | None:
    """Return what makes writing a guess, or what opencode 2 would write over; None if there is nothing."""
    if is_preview(db):
        return (
            "a preview of opencode 2 wrote it (there is no table session_inbox and no table worktree), whose rules "
            "aren't those of 2.0; once opencode 2.0 itself has upgraded it, sessions in it can be moved"
        )
    if with_v1 and (phase := import_phase(db)) != COMPLETED:
        return (
            f"opencode 2 has not finished importing the sessions of opencode 1 ({phase}); "
            "start opencode 2, let it finish, and try again"
        )
    return next(chain(lacks(db, _REQUIRED_TO_WRITE, _WHO), obstacles(db, _WRITTEN, _INSERTED, _WHO)), None)


def import_phase(db: sqlite3.Connection) -> str:
    """Return how far the import of the sessions of opencode 1 is, in words; "completed" if it is done.

    It runs once, in the background of the first start, session by session; a session that it hasn't come to yet would
    still be copied out of its old row.
    """
    if not db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'kv'").fetchone():
        return "it has no record of any import"
    row = db.execute("SELECT value FROM kv WHERE key = 'migration.v1-v2'").fetchone()
    if row is None:
        return "it has not begun"
    if not isinstance(value := decode(row[0]), dict):
        return "its record can't be read"
    phase = value.get("phase")
    return COMPLETED if phase == COMPLETED else f"it is at {phase!r}"
