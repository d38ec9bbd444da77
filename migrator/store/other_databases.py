"""What other databases beside one have that it doesn't: those of other release channels, and copies.

opencode keeps a database for each channel in the same directory, and one never reads another's. Each is only read, by
`read_untouched`, and whatever tables it has: a session needs an id, and the rest is taken as far as it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import CantTell, MigratorError
from migrator.model import Binding, Session
from migrator.store.connection import columns_of
from migrator.store.location import command_for, databases_beside
from migrator.store.untouched import read_untouched

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from migrator.store.reader import Store

OTHER_DATABASE = "other-database"
"""The rule that reports sessions that only another database has."""

_TEXTS = ("parent_id", "title", "project_id", "directory", "path", "workspace_id")
_TIMES = ("time_created", "time_updated", "time_archived")


class OtherDatabase(NamedTuple):
    """A database beside ours; `command` is the beginning of our commands on it, such as `... --channel dev`.

    `only_there` are the sessions that ours doesn't have, by id. `shared` says whether it has any that ours has too;
    `newer` maps those of them that were used later there to when, in milliseconds. `unread` is why it can't be read, as
    the end of a sentence; None if it was, and then all of the above is known.
    """

    path: Path
    command: str
    only_there: tuple[Session, ...] = ()
    shared: bool = False
    newer: Mapping[str, int] = {}
    unread: str | None = None

    @property
    def list_command(self) -> str:
        """The command that lists all its sessions."""
        return f"{self.command} list --all"


def other_databases(store: Store) -> list[OtherDatabase]:
    """Read the other databases beside this one, by name; those that have no sessions are left out.

    Where nobody can tell which there are, one stands for all of them.
    """
    try:
        beside = databases_beside(store.path)
    except CantTell as error:
        return [OtherDatabase(store.path.with_name("opencode-*.db"), "", unread=str(error))]
    if not beside:
        return []
    known = dict.fromkeys(store.odd_sessions(), 0) | dict(store.rows("SELECT id, time_updated FROM session"))
    read = [_read(path, known) for path in beside]
    return [other for other in read if other.only_there or other.shared or other.unread]


def _read(path: Path, known: Mapping[str, int]) -> OtherDatabase:
    def look(db: sqlite3.Connection) -> OtherDatabase:
        used: dict[str, int] = {}
        sessions: dict[str, Session] = {}
        for table in ("session", "session_v2"):  # where both have a session, that of opencode 2 counts
            columns = columns_of(db, table)
            if "id" not in columns:
                continue
            updated = _value("time_updated", columns)
            used |= dict(db.execute(f"SELECT id, {updated} FROM {table} WHERE typeof(id) = 'text'"))
            sessions |= _sessions(db, table, columns, used.keys() - known.keys())
        newer = {id_: time for id_, time in used.items() if id_ in known and _is_later(time, known[id_])}
        only_there = tuple(session for _, session in sorted(sessions.items()))
        return OtherDatabase(path, command_for(path), only_there, not used.keys().isdisjoint(known), newer)

    try:
        return read_untouched(path, look)
    except MigratorError as error:
        return OtherDatabase(path, command_for(path), unread=str(error))


def _sessions(
    db: sqlite3.Connection, table: str, columns: Collection[str], wanted: Collection[str]
) -> dict[str, Session]:
    if not wanted:
        return {}
    values = ", ".join(_value(name, columns) for name in (*_TEXTS, *_TIMES))
    found = {}
    for id_, parent, title, *bound, created, updated, archived in db.execute(f"SELECT id, {values} FROM {table}"):
        if id_ in wanted:
            project, directory, path, workspace = bound
            binding = Binding(project or "", directory or "", path, workspace)
            found[id_] = Session(id_, parent, title or "", binding, created or 0, updated or 0, archived)
    return found


def _value(column: str, columns: Collection[str]) -> str:
    """Return a column as SQL: NULL where there is none, or where it holds something else than it should."""
    kind = "integer" if column in _TIMES else "text"
    return f"CASE typeof({column}) WHEN '{kind}' THEN {column} END" if column in columns else "NULL"


def _is_later(time: int | None, than: object) -> bool:
    return time is not None and isinstance(than, int) and time > than
