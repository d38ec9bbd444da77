"""Which schema a database has: known by its tables and columns, never by a version number.

opencode leaves user_version and application_id at 0 in all versions, and upgraded files differ from fresh ones in
the order of their columns; so everything here is introspection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, WrongDatabase
from migrator.store.connection import columns_of
from migrator.store.obstacles import obstacles

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from migrator.model import Binding

_REQUIRED = {
    "session": frozenset(
        "id project_id parent_id directory title revert time_created time_updated time_archived".split(),  # noqa: SIM905 - reads as the row it is
    ),
    "project": frozenset("id worktree vcs name time_created time_updated sandboxes".split()),  # noqa: SIM905 - as above
    "part": frozenset({"id", "session_id", "data"}),
}

_WRITTEN = {
    "session": frozenset("project_id directory path workspace_id revert".split()),  # noqa: SIM905 - as above
    "project": frozenset({"id", "worktree", "sandboxes"}),
    "part": frozenset({"data"}),
    "project_directory": frozenset({"project_id", "directory"}),
    "workspace": frozenset({"directory"}),
}
"""The columns that we set or fill in databases of opencode 1."""

# The first tested version whose fresh database has the column: it tells an age, for people.
_AGE = (
    ("session", "metadata", "opencode 1.15.13 or later"),
    ("session", "cost", "opencode 1.15.0 or later"),
    ("session", "path", "opencode 1.14.34 or later"),
    ("session", "workspace_id", "opencode 1.2.27 or later"),
)


_STORES_SLASHES = "20260601010001"
"""The upgrade by which opencode rewrote the paths of Windows, `normalize_storage_paths` of 1.16."""
_PREVIEW = "an early preview of opencode 2"
_NOT_2_YET = (
    f"{_PREVIEW} made it: its sessions look like those of opencode 1, but the files that an undo restores are kept "
    "elsewhere, where a move would leave them; opencode 2.0 imports these sessions when it first starts, and then they "
    "can be moved"
)
"""Seen with 0.0.0-next-16350 of July 2026, which keeps its sessions in opencode-next.db."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the database can hold.

    `dialect` is "v1", "v2", or "v1+v2": a database of opencode 1 that opencode 2 has upgraded, with the tables of both.
    `origin_first`: its opencode prefers the origin's hash as project id (1.15.13 and later). `read_only_because`
    names something that makes writing a guess; None if writing is safe. `is_preview`: see `opencode_2_schema`.
    `stores_slashes`: its opencode stores paths of Windows with `/` (1.16 and later); before, mostly with a backslash.
    """

    dialect: str
    age: str
    has_path: bool
    has_workspace: bool
    origin_first: bool
    read_only_because: str | None = None
    is_preview: bool = False
    stores_slashes: bool = True

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of sessions; where two have one, the first counts."""
        return {"v1": ("session",), "v2": ("session_v2",)}.get(self.dialect, ("session_v2", "session"))

    @property
    def turn_tables(self) -> tuple[str, ...]:
        """The tables whose rows tell what turns have done, by their JSON in `data`."""
        return ("part",) * self.has_v1 + ("session_message",) * self.has_v2

    @property
    def has_v1(self) -> bool:
        """Whether there is a table of sessions that opencode 1 reads."""
        return self.dialect != "v2"

    @property
    def has_v2(self) -> bool:
        """Whether there is a table of sessions that opencode 2 reads."""
        return self.dialect != "v1"

    def check_writable(self, path: Path) -> None:
        """Raise MigratorError if a database with this schema, which is at `path`, isn't written to."""
        if self.read_only_because:
            raise MigratorError(f"{path} is not written to: {self.read_only_because}.")

    def storable(self, binding: Binding) -> Binding:
        """Return a binding as a row of this schema holds it."""
        return binding if self.has_path else binding._replace(path=None)


def recognise(db: sqlite3.Connection, path: str) -> Schema:
    """Introspect; MigratorError where this is not a database that opencode 1.2.1 to 1.18 or 2.0 wrote."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        raise WrongDatabase(f"{path} is an empty database, not one of opencode's")
    if "session_v2" in tables:
        from migrator.store import opencode_2_schema as opencode_2

        if "session" in tables:
            _columns(db, path, _REQUIRED, tables, "opencode 1.2.1 to 1.18")
        _columns(db, path, opencode_2.REQUIRED, tables, "opencode 2.0")
        preview = opencode_2.is_preview(db)
        return Schema(
            dialect="v1+v2" if "session" in tables else "v2",
            age=("a preview of opencode 2" if preview else "opencode 2.0")
            + (" beside the tables of opencode 1" if "session" in tables else ""),
            has_path=True,
            has_workspace=True,
            origin_first=True,
            read_only_because=opencode_2.obstacle(db, with_v1="session" in tables),
            is_preview=preview,
        )
    has = _columns(db, path, _REQUIRED, tables, "opencode 1.2.1 to 1.18")
    preview = "fork_session_id" in has["session"]
    return Schema(
        dialect="v1",
        age=_PREVIEW
        if preview
        else next((age for table, column, age in _AGE if column in has[table]), "opencode 1.2.1 or later"),
        has_path="path" in has["session"],
        has_workspace="workspace_id" in has["session"],
        origin_first="metadata" in has["session"],
        read_only_because=_NOT_2_YET
        if preview
        else next(obstacles(db, _WRITTEN, {"project": _REQUIRED["project"]}, "opencode 1"), None),
        stores_slashes=(newest_upgrade(db) or "") >= _STORES_SLASHES,
    )


def newest_upgrade(db: sqlite3.Connection) -> str | None:
    """Return when the newest of opencode's own upgrades that a database has seen was written: its 14 digits.

    They begin the ids in `migration` (1.17 and later); before, `__drizzle_migrations` has the time in milliseconds. An
    upgraded database keeps both. None where neither says anything.
    """
    found = []
    if "id" in columns_of(db, "migration"):
        found += db.execute("SELECT max(substr(id, 1, 14)) FROM main.migration WHERE id GLOB '20[0-9]*'").fetchall()
    if "created_at" in columns_of(db, "__drizzle_migrations"):
        time = "strftime('%Y%m%d%H%M%S', max(created_at) / 1000, 'unixepoch')"
        found += db.execute(f"SELECT {time} FROM main.__drizzle_migrations").fetchall()
    return max((text for (text,) in found if isinstance(text, str)), default=None)


def make_views(db: sqlite3.Connection, schema: Schema, fine: Mapping[str, str]) -> None:
    """Make temporary views of what is read; nothing of them is in the file. Those of an earlier call are replaced.

    `fine` maps each table with odd rows to the condition that leaves them out: see `odd_rows`.

    A database with `session_v2` gets a view named `session`, in the place of the table of opencode 1: a name without a
    schema means the temporary one first. It holds every session once: where both opencodes have a row, that of opencode
    2, which never reads the other; none if either is odd, since both would move. It has the columns of opencode 2; what
    opencode 1 lacks is NULL.

    Statements that write name `main.session` or `main.session_v2`.
    """
    for (name,) in db.execute("SELECT name FROM temp.sqlite_master WHERE type = 'view'").fetchall():
        db.execute(f'DROP VIEW temp."{name}"')
    views = {table: f"SELECT * FROM main.{table} WHERE {condition}" for table, condition in fine.items()}
    if schema.has_v2:
        columns = columns_of(db, "session_v2")
        views["session"] = (
            f"SELECT {selected(columns, columns)} FROM main.session_v2 v WHERE {fine.get('session_v2', 'TRUE')}"
        )
        if schema.has_v1:
            if "session" in fine:
                odd = f"SELECT id FROM main.session WHERE ({fine['session']}) IS NOT TRUE"
                views["session"] += f" AND (id IN ({odd})) IS NOT TRUE"
            views["session"] += (
                f" UNION ALL SELECT {selected(columns, columns_of(db, 'session'))} FROM main.session old "
                "WHERE NOT EXISTS (SELECT 1 FROM main.session_v2 v WHERE v.id = old.id) "
                f"AND {fine.get('session', 'TRUE')}"
            )
    for name, select in views.items():
        db.execute(f"CREATE TEMP VIEW {name} AS {select}")


def selected(columns: Iterable[str], existing: Collection[str], *, fit_for_json: bool = False) -> str:
    """Return these columns of a table of sessions as SQL, with NULL for those that don't exist.

    If they are to be `fit_for_json`, BLOBs and infinity, which JSON can't hold, are NULL too.
    """
    finite = "WHEN 'real' THEN nullif(nullif({0}, 9e999), -9e999)"
    value = f"CASE typeof({{0}}) WHEN 'blob' THEN NULL {finite} ELSE {{0}} END" if fit_for_json else "{0}"
    values = {name: value.format(name) if name in existing else "NULL" for name in columns}
    values["title"] = "coalesce(title, '')"  # opencode 2 leaves a session without a title until it has found one
    return ", ".join(f"{value} AS {name}" for name, value in values.items())


def _columns(
    db: sqlite3.Connection, path: str, required: dict[str, frozenset[str]], tables: set[str], who: str
) -> dict[str, set[str]]:
    """Return the columns of each of these tables; MigratorError where one of those that are required is missing."""
    has = {table: set(columns_of(db, table)) for table in required}
    for table, columns in required.items():
        missing = sorted(columns - has[table]) if table in tables else ["every column"]
        if missing:
            raise WrongDatabase(f"{path} is not a database that {who} wrote: table {table} lacks {', '.join(missing)}")
    return has
