"""What other databases beside one have that it doesn't: those of other release channels, and copies.

opencode keeps a database for each channel in the same directory, and one never reads another's. Each is only read, by
`read_untouched`, whatever its schema: only a session's id is required, and other columns are used where they exist.

Only ids are read at first, which SQLite has in an index of their own: a row of a session may hold megabytes, as the
diffs of its last turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.disk.data_directory import channel_named
from migrator.disk.status import is_open_here, status_of
from migrator.errors import CantTell, MigratorError
from migrator.model import Binding, Session
from migrator.store.connection import columns_of
from migrator.store.location import WITH_OPENCODE, command_for, databases_beside, merge_words
from migrator.store.sql import IN, array_of
from migrator.store.untouched import read_untouched
from migrator.text import agree, our_command, shell_join

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from migrator.store.reader import Store

OTHER_DATABASE = "other-database"
"""The rule that reports sessions that only another database has."""

_TABLES = ("session", "session_v2")
"""Where both have a session, that of opencode 2 counts."""
_TEXTS = ("parent_id", "title", "project_id", "directory", "path", "workspace_id")
_TIMES = ("time_created", "time_updated", "time_archived")


@dataclass(frozen=True)
class OtherDatabase:
    """A database beside ours; `command` is the beginning of our commands on it, such as `... --channel dev`.

    `ids` are those of the sessions that ours doesn't have, `shared` those that both have. `unread` is why it can't be
    read, as the end of a sentence; None if it was, and then all of this is known. `no_merge` is why its sessions can't
    be brought into ours, None if nothing is known that speaks against it. `only_of_1`: opencode 1 wrote it, and they
    have to be imported by opencode 2, whose database ours is.
    """

    path: Path
    command: str
    ids: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    unread: str | None = None
    no_merge: str | None = None
    only_of_1: bool = False
    _ours: Store | None = None

    @property
    def channel(self) -> str | None:
        """The channel whose database has this name; None for a copy by another name."""
        return channel_named(self.path.name)

    @cached_property
    def only_there(self) -> tuple[Session, ...]:
        """The sessions that ours doesn't have, by id. Raises MigratorError if it can't be read any more."""
        found = self._sessions(self.ids) if self.ids else {}
        return tuple(session for _, session in sorted(found.items()))

    @cached_property
    def newer(self) -> Mapping[str, int]:
        """When each session of both was used there, in milliseconds, if that was later than here."""
        if not (self.shared and self._ours):
            return {}
        here = {session.id: session.updated for session in self._ours.sessions(self.shared)}
        there = self._sessions(here)
        return {id_: session.updated for id_, session in there.items() if _is_later(session.updated, here[id_])}

    def merge_words(self, *, named: bool = False) -> list[str]:
        """Return the words of `merge` that name this database, and ours if it is to be `named`, or has to be."""
        assert self._ours is not None  # noqa: S101 - for the type checker: only one that stands for many has none
        return merge_words(self._ours.path, self.path, named=named)

    def merge_command(self, *words: str, named: bool = False) -> str:
        """Return the command that brings its sessions into ours, or those that `words` select."""
        return our_command("merge", *self.merge_words(named=named), *(WITH_OPENCODE if self.only_of_1 else ()), *words)

    def what_to_do(self, number: int, *words: str, looking: Sequence[str] = ()) -> str:
        """Return how to look at so many of its sessions, and to bring them here.

        `words` select them; `looking` are other words for `list`.
        """
        them = agree(number, "it")
        look = f"`{self.command} {shell_join(['list', *(looking or words or ['--all'])])}` shows {them}"
        if self.no_merge:
            return f"{look}; {self.no_merge}"
        return f"{look}, `{self.merge_command(*words)}` brings {them} here"

    def _sessions(self, ids: Collection[str]) -> dict[str, Session]:
        try:
            return read_untouched(self.path, lambda db: _sessions(db, ids))
        except MigratorError as error:
            raise MigratorError(f"{self.path.name} can't be read: {error}.") from error


def other_databases(store: Store) -> list[OtherDatabase]:
    """Read the other databases beside this one, by name; those that have no sessions are left out.

    So is the one into which a merge brings sessions of this one: it is open here. Where nobody can tell which there
    are, one stands for all of them.
    """
    try:
        beside = [path for path in databases_beside(store.path) if not _is_in_use_here(path)]
    except CantTell as error:
        return [OtherDatabase(store.path.with_name("opencode-*.db"), "", unread=str(error))]
    if not beside:
        return []
    known = frozenset({*store.odd_sessions(), *store.every_id()})
    read = [_look(path, known, store) for path in beside]
    return [other for other in read if other.ids or other.shared or other.unread]


def _is_in_use_here(path: Path) -> bool:
    status = status_of(path)
    return status is not None and is_open_here(status)


def session_ids(path: Path) -> frozenset[str] | None:
    """Return the ids of a database's sessions, None if it has no table of them; it is only read.

    Raises MigratorError as `read_untouched`.
    """
    by_table = read_untouched(path, _ids)
    return frozenset(id_ for ids in by_table.values() for id_ in ids) if by_table else None


def _look(path: Path, known: frozenset[str], ours: Store) -> OtherDatabase:
    def look(db: sqlite3.Connection) -> OtherDatabase:
        by_table = _ids(db)
        ids = frozenset(id_ for found in by_table.values() for id_ in found)
        no_merge = _why_no_merge(db, by_table, ours)
        only_of_1 = ours.schema.has_v2 and "session_v2" not in by_table
        return OtherDatabase(
            path, command, ids - known, ids & known, no_merge=no_merge, only_of_1=only_of_1, _ours=ours
        )

    command = command_for(path)
    try:
        return read_untouched(path, look)
    except MigratorError as error:
        return OtherDatabase(path, command, unread=str(error), _ours=ours)


def _why_no_merge(db: sqlite3.Connection, tables: Collection[str], ours: Store) -> str | None:
    """Return why `merge` would refuse, as far as the tables of sessions tell, as the end of a sentence."""
    here, there = ours.schema.has_v2, "session_v2" in tables
    if there and not here:
        return "opencode 2 wrote it, and this is a database of opencode 1: start opencode 2 on this one first"
    if any(set(columns_of(db, table)) - set(ours.columns_of(table)) for table in tables if ours.columns_of(table)):
        return "a newer opencode wrote it: start that on this database first"
    return None


def _ids(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the ids that each table of sessions has; SQLite finds them in the index of the key.

    Raises MigratorError if there are only tables of sessions that we don't know: nobody can tell what they hold.
    """
    tables = [table for table in _TABLES if "id" in columns_of(db, table)]
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'session%' ORDER BY name"
    if not tables and (unknown := db.execute(names).fetchone()):
        raise MigratorError(f"an opencode wrote it whose table {unknown[0]} we don't know")
    return {
        table: [id_ for (id_,) in db.execute(f"SELECT id FROM {table} WHERE typeof(id) = 'text'")] for table in tables
    }


def _sessions(db: sqlite3.Connection, wanted: Collection[str]) -> dict[str, Session]:
    found: dict[str, Session] = {}
    for table in _TABLES:
        columns = columns_of(db, table)
        if "id" in columns:
            values = ", ".join(_value(name, columns) for name in (*_TEXTS, *_TIMES))
            rows = db.execute(f"SELECT id, {values} FROM {table} WHERE id {IN}", [array_of(wanted)])
            found |= {session.id: session for session in _read_rows(rows)}
    return found


def _read_rows(rows: sqlite3.Cursor) -> Iterator[Session]:
    for id_, parent, title, project, directory, path, workspace, created, updated, archived in rows:
        binding = Binding(project or "", directory or "", path, workspace)
        yield Session(id_, parent, title or "", binding, created or 0, updated or 0, archived)


def _value(column: str, columns: Collection[str]) -> str:
    """Return a column as SQL: NULL where there is none, or where it holds something else than it should."""
    kind = "integer" if column in _TIMES else "text"
    return f"CASE typeof({column}) WHEN '{kind}' THEN {column} END" if column in columns else "NULL"


def _is_later(time: int, than: object) -> bool:
    return isinstance(than, int) and time > than
