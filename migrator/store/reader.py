"""Reading sessions and projects: a set of rows with one query, never one query for each session."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from migrator.model import Binding, Session, SessionDirectory
from migrator.paths import is_absolute
from migrator.store import opencode_2_schema
from migrator.store.project_rows import ProjectReader
from migrator.store.row_json import decode, stringify
from migrator.store.sql import IN, LIVE_PATCH, UNDO_FILES, WHOLE, array_of, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

FIRST_WITH_PATH = (1, 14, 34)
"""The first tested opencode whose sessions have a `path`; 1.3.2, the one tested before it, stored none."""

_HAS_V2_ROW = "EXISTS (SELECT 1 FROM main.session_v2 v WHERE v.id = session.id)"

_FEW, _GENERATIONS = 1000, 8
"""Up to how many sessions, and how far from them, trees are followed by queries for each generation."""


class Store(ProjectReader):
    """An opencode database, open for reading until `close`: sessions, and all else that we read of it."""

    # -- sessions ------------------------------------------------------------------------------------------------

    def binding_columns(self, row: str = "session") -> str:
        """Return the four binding columns of a table or alias as SQL, with NULL for those that the schema lacks."""
        path = f"{row}.path" if self.schema.has_path else "NULL"
        workspace = f"{row}.workspace_id" if self.schema.has_workspace else "NULL"
        return f"{row}.project_id, {row}.directory, {path}, {workspace}"

    def sessions_where(self, condition: str, params: Sequence[Any] = (), tail: str = "") -> Iterator[Session]:
        """Yield the sessions that meet an SQL condition; equal bindings are one object, which keeps memory small."""
        sql = (
            f"SELECT id, parent_id, title, {self.binding_columns()}, time_created, time_updated, time_archived "
            f"FROM session WHERE {condition} {tail}"
        )
        bindings: dict[tuple[str | None, ...], Binding] = {}
        for row in self.each_row(sql, params):
            id_, parent, title, project, directory, path, workspace, created, updated, archived = row
            bound = (project, directory, path, workspace)
            binding = bindings.get(bound) or bindings.setdefault(bound, Binding._make(bound))
            yield Session(id_, parent, title, binding, created, updated, archived)

    def try_condition(self, condition: str, params: Sequence[Any]) -> None:
        """Have SQLite read an SQL condition without running it. Raises sqlite3.Error if it can't."""
        self.connection.execute(f"EXPLAIN SELECT 1 FROM session WHERE ({condition})", params).close()

    def sessions(self, ids: Iterable[str]) -> list[Session]:
        """Return the sessions with these ids, by id; missing ones are left out."""
        return list(self.sessions_where(f"id {IN}", [array_of(ids)], "ORDER BY id"))

    def ids_where(self, condition: str, params: Sequence[Any] = ()) -> list[str]:
        """Return the ids of the sessions that meet an SQL condition."""
        return [id_ for (id_,) in self.rows(f"SELECT id FROM session WHERE {condition} ORDER BY id", params)]

    def every_id(self) -> list[str]:
        """Return the ids of all sessions."""
        return self.ids_where("TRUE")

    def ids_beside(self, ids: Collection[str]) -> list[str]:
        """Return the ids that come right before and after each of these in order, or simply all of them.

        Those are all where there are many, and in a database of both opencodes, in which no index has them in order.
        """
        if len(ids) > _FEW or self.schema.dialect == "v1+v2":
            return self.every_id()
        sql = (
            "SELECT (SELECT id FROM session WHERE id < value ORDER BY id DESC LIMIT 1), "
            "(SELECT id FROM session WHERE id > value ORDER BY id LIMIT 1) FROM json_each(?)"
        )
        return [id_ for pair in self.rows(sql, [array_of(ids)]) for id_ in pair if id_ is not None]

    def existing(self, ids: Iterable[str]) -> set[str]:
        """Return those of these ids that a session has, even if its row is odd."""
        wanted = array_of(ids)
        tables = self.schema.tables
        return {id_ for table in tables for (id_,) in self.rows(f"SELECT id FROM main.{table} WHERE id {IN}", [wanted])}

    def links_around(self, ids: Iterable[str]) -> dict[str, str]:
        """Map children to their parents, where these exist: in all trees that these sessions are in, perhaps in others.

        A few small trees are followed generation by generation; else to read every link is quicker. The children of one
        missing parent are no tree.
        """
        has_parent = "parent_id IN (SELECT id FROM session)"
        links: dict[str, str] = {}
        family = new = set(ids)
        for _ in range(_GENERATIONS):
            if len(family) > _FEW:
                break
            here = array_of(new)
            links |= self.rows(
                f"SELECT id, parent_id FROM session WHERE id {IN} AND {has_parent} "
                f"UNION ALL SELECT id, parent_id FROM session WHERE parent_id {IN} AND {has_parent}",
                [here, here],
            )
            new = {*links, *links.values()} - family
            if not new:
                return links
            family = family | new
        return dict(self.rows(f"SELECT id, parent_id FROM session WHERE {has_parent}"))

    def children(self, ids: Iterable[str]) -> dict[str, str]:
        """Map each child of these sessions to its parent's id."""
        wanted = set(ids)
        if self.is_most(wanted):
            every = self.rows("SELECT id, parent_id FROM session WHERE parent_id IS NOT NULL")
            return {id_: parent for id_, parent in every if parent in wanted}
        return dict(self.rows(f"SELECT id, parent_id FROM session WHERE parent_id {IN}", [array_of(wanted)]))

    def count(self) -> int:
        """Return how many sessions there are."""
        ((every,),) = self.rows("SELECT count(*) FROM session")
        return int(every)

    def is_most(self, ids: Collection[str]) -> bool:
        """Tell whether reading the rows of all sessions costs less than looking up those of these one by one."""
        return 2 * len(ids) >= self.count()

    def bindings(self, ids: Iterable[str], opencode: int | None = None) -> dict[str, tuple[Binding, str | None]]:
        """Map each of these sessions to its binding and its `revert` marker (JSON text or None).

        Those that one `opencode`, 1 or 2, has in a table of its own, if it is given.
        """
        table = {None: "session", 1: "main.session", 2: "main.session_v2"}[opencode]
        if opencode is not None and table.removeprefix("main.") not in self.schema.tables:
            return {}
        sql = f"SELECT id, revert, {self.binding_columns()} FROM {table} AS session WHERE id {IN}"
        return {id_: (Binding(*bound), revert) for id_, revert, *bound in self.rows(sql, [array_of(ids)])}

    def every_binding(self) -> list[Binding]:
        """Return every binding that a session has in either opencode, once."""
        tables = ["session", *(f"main.{table} AS session" for table in self.schema.tables[1:])]
        sql = " UNION ".join(f"SELECT DISTINCT {self.binding_columns()} FROM {table}" for table in tables)
        return [Binding(*row) for row in self.rows(sql)]

    def directories(self, project_id: str | None = None) -> list[str]:
        """Return every directory that a session is bound to, of this project if one is given, once."""
        sql = "SELECT DISTINCT directory FROM session WHERE project_id = coalesce(?, project_id)"
        return [directory for (directory,) in self.rows(sql, [project_id])]

    def made_without_path(self) -> frozenset[str]:
        """Return the sessions without a path whose opencode stored none: those from before 1.14.34.

        Upgrading leaves their paths NULL, and no later opencode fills them in (seen with 1.14.34 to 1.18.34).
        """
        if not self.schema.has_path:
            return frozenset(self.ids_where("TRUE"))
        if not self.schema.has_v1:
            return frozenset()
        # Where opencode 2 has a row it wants a path in it, whatever its version says.
        only_v1 = f"AND NOT {_HAS_V2_ROW}" if self.schema.has_v2 else ""
        rows = self.rows(f"SELECT id, version FROM session WHERE path IS NULL {only_v1}")
        return frozenset(id_ for id_, version in rows if _version(version) < FIRST_WITH_PATH)

    def newest_version(self) -> tuple[int, ...]:
        """Return the version of the opencode 1 that made the newest session, as numbers.

        () if there is none, and where it was built by hand: it calls itself `local` then, or 0.0.0.
        """
        if not self.schema.has_v1:
            return ()
        rows = self.rows("SELECT version FROM main.session ORDER BY time_created DESC LIMIT 1")
        version = _version(rows[0][0]) if rows else ()
        return version if any(version) else ()

    def only_in_2(self) -> frozenset[str]:
        """Return the sessions that opencode 2 has and opencode 1, which has tables here too, doesn't."""
        if self.schema.dialect != "v1+v2":
            return frozenset()
        return frozenset(self.ids_where("NOT EXISTS (SELECT 1 FROM main.session old WHERE old.id = session.id)"))

    def never_imported(self) -> list[str]:
        """Return the sessions that opencode 1 has and opencode 2, which has tables here too, doesn't; by id."""
        if self.schema.dialect != "v1+v2":
            return []
        return self.ids_where(f"NOT {_HAS_V2_ROW}")

    def import_phase(self) -> str:
        """Return how far opencode 2 is with importing opencode 1's sessions, in words.

        "completed" if it is done, and if there is nothing to import.
        """
        if self.schema.dialect != "v1+v2":
            return opencode_2_schema.COMPLETED
        with self.translate_errors():
            return opencode_2_schema.import_phase(self.connection)

    def forks(self, ids: Iterable[str]) -> dict[str, str]:
        """Map each fork of these sessions, as opencode 2 keeps them, to its origin; not forks of forks."""
        if not self.schema.has_v2:
            return {}
        sql = f"SELECT id, fork_session_id FROM main.session_v2 WHERE fork_session_id {IN} ORDER BY id"
        return dict(self.rows(sql, [array_of(ids)]))

    # -- file undo -----------------------------------------------------------------------------------------------

    def with_file_undo(self, ids: Collection[str]) -> set[str]:
        """Return those of these sessions in which opencode's undo would act on files."""
        # EXISTS stops at a session's first such part; each of the others is long and would be read in full.
        undoable = ["revert IS NOT NULL"]
        undoable += [
            f"EXISTS (SELECT 1 FROM {table} WHERE session_id = session.id AND {UNDO_FILES[table][0]})"
            for table in self.schema.turn_tables
        ]
        if self.schema.dialect == "v1+v2":  # the row that the view hides
            undoable.append("EXISTS (SELECT 1 FROM main.session old WHERE old.id = session.id AND revert IS NOT NULL)")
        sql = f"SELECT id FROM session WHERE ({' OR '.join(undoable)})"
        if self.is_most(ids):
            return {id_ for (id_,) in self.rows(sql)}.intersection(ids)
        return {id_ for (id_,) in self.rows(f"{sql} AND id {IN}", [array_of(ids)])}

    def unreadable_turns(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Map each of these sessions in which an undo may act on a turn that can't be read to its (table, id)."""
        found: dict[str, tuple[str, str]] = {}
        wanted = array_of(ids)
        for table in self.schema.turn_tables:
            condition, _ = UNDO_FILES[table]
            # An answer of opencode 2 is long: only whether it is JSON is asked, by SQLite. A patch is short.
            data = "data" if table == "part" else "CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN '{}' END"
            sql = f"SELECT session_id, id, {data} FROM main.{table} WHERE session_id {IN} AND {condition}"
            found |= {session: (table, id_) for session, id_, text in self.rows(sql, [wanted]) if decode(text) is None}
        return found

    def files_worked_on(self, ids: Iterable[str]) -> set[str]:
        """Return the absolute paths of the files that the turns of these sessions read, wrote or changed."""
        names_file = "instr(data, '\"filePath\"') AND json_valid(data)"
        if self.schema.has_v2:
            # Learnt from captured rows: a tool call is an entry of `content`, its input as opencode 1 had it.
            sql = (
                "SELECT json_extract(value, '$.state.input.filePath') "
                f"FROM session_message, json_each(CASE WHEN {names_file} THEN data ELSE '{{}}' END, '$.content') "
                f"WHERE session_id {IN} AND session_message.type = 'assistant' AND json_each.type = 'object'"
            )
        else:
            tool = f"typeof(data) = 'text' AND {names_file}"
            sql = (
                f"SELECT CASE WHEN {tool} THEN json_extract(data, '$.state.input.filePath') END FROM part "
                f"WHERE session_id {IN} UNION "
                f"SELECT value FROM part, json_each(CASE WHEN {LIVE_PATCH} THEN data ELSE '{{}}' END, '$.files') "
                f"WHERE session_id {IN}"
            )
        rows = self.rows(sql, [array_of(ids)] * sql.count(IN))
        return {file for (file,) in rows if isinstance(file, str) and is_absolute(file)}

    def values(self, table: str, column: str, keys: Iterable[str]) -> dict[str, Any]:
        """Map each of these rows of `table` that exists to one of its values, or to all of them where it is WHOLE."""
        key = key_of(table)
        if column == WHOLE:
            return self.whole_rows(table, f"{key} {IN}", [array_of(keys)])
        return dict(self.rows(f"SELECT {key}, {column} FROM main.{table} WHERE {key} {IN}", [array_of(keys)]))

    def whole_rows(self, table: str, condition: str, params: Sequence[Any]) -> dict[str, str]:
        """Map the key of each row of `table` that meets a condition to the row, as the text of a JSON object."""
        columns = self.columns_of(table)
        at = columns.index(key_of(table))
        rows = self.rows(f"SELECT {', '.join(columns)} FROM main.{table} WHERE {condition} ORDER BY rowid", params)
        return {row[at]: stringify(dict(zip(columns, row, strict=True))) for row in rows}

    def session_directories(self) -> list[SessionDirectory]:
        """Return every directory that a session is bound to, once for each project and `path` it is bound with."""
        path = "path" if self.schema.has_path else "NULL"
        rows = self.rows(
            f"SELECT directory, project_id, {path}, count(*), min(time_created) FROM session "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
        return [SessionDirectory._make(row) for row in rows]

    def sessions_per_project(self) -> dict[str, tuple[int, int | None]]:
        """Count the sessions bound to each project id, whether or not it has a row; with the time of the last update.

        What is no time counts for none.
        """
        time = "CASE WHEN typeof(time_updated) = 'integer' THEN time_updated END"
        rows = self.rows(f"SELECT project_id, count(*), max({time}) FROM session GROUP BY project_id")
        return {project: (sessions, updated) for project, sessions, updated in rows}

    def size(self) -> int:
        """Return how many bytes the database has for this connection, with what waits in the log."""
        ((pages,),) = self.rows("PRAGMA page_count")
        return int(pages) * self.page_size

    @cached_property
    def page_size(self) -> int:
        """How many bytes a page has."""
        ((size,),) = self.rows("PRAGMA page_size")
        return int(size)

    def size_per_project(self) -> dict[str, int]:
        """Return how many bytes the messages of each project's sessions take, in the tables of both opencodes.

        SQLite from 3.43 on tells the length of a text without reading it.
        """
        length = "octet_length" if sqlite3.sqlite_version_info >= (3, 43) else "length"
        tables = [name for name in ("message", "part", "session_message") if self.columns_of(name)]
        sizes = Counter[str]()
        for table in tables:
            sizes.update(dict(self.rows(
                "SELECT project_id, sum(bytes) FROM session JOIN "
                f"(SELECT session_id, sum({length}(data)) bytes FROM main.{table} GROUP BY session_id) "
                "ON session_id = session.id GROUP BY project_id"
            )))  # fmt: skip
        return dict(sizes)


def _version(text: object) -> tuple[int, ...]:
    """Return the numbers of a version, () for what is none: the JSON era had sessions without one."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", text) if isinstance(text, str) else None
    return tuple(map(int, numbers.groups())) if numbers else ()
