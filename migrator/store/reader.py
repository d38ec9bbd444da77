"""Reading sessions and projects: a set of rows with one query, never one query for each session."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from migrator.model import Binding, Project, ProjectPaths, Session, SessionDirectory
from migrator.store import connection, odd_rows, opencode_2_schema, row_json, schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from migrator.model import Row
    from migrator.store.odd_rows import OddValue

FIRST_WITH_PATH = (1, 14, 34)
"""The first tested opencode whose sessions have a `path`; 1.3.2, the one tested before it, stored none."""

IN = "IN (SELECT value FROM json_each(?))"
"""The condition that a column holds one of the ids of the parameter that `array_of` makes."""

# A `patch` part with files is what opencode's undo acts on: it checks each file out of the snapshot, and where that
# fails it deletes the file at its absolute path (seen with 1.3.2 to 1.18.34). opencode writes the type first, which
# tells nearly all parts apart by a few letters; only others, and patches, are searched and parsed. One that can't be
# read counts: nobody can tell what an undo would do.
LIVE_PATCH = """
    CASE WHEN substr(data, 1, 9) = '{"type":"' AND substr(data, 10, 6) <> 'patch"' THEN FALSE
    WHEN instr(data, '"patch"') > 0 THEN
        CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN
            json_extract(data, '$.type') = 'patch' AND coalesce(json_array_length(data, '$.files'), 0) > 0
        ELSE TRUE END
    END
"""


# What opencode 2 keeps of a turn that changed files is in the answer itself, a `session_message`.
LIVE_SNAPSHOT = """
    CASE WHEN type = 'assistant' AND instr(data, '"snapshot"') > 0 THEN
        CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN
            coalesce(json_array_length(data, '$.snapshot.files'), 0) > 0
        ELSE TRUE END
    END
"""

_HAS_V2_ROW = "EXISTS (SELECT 1 FROM main.session_v2 v WHERE v.id = session.id)"

DIRECTORIES = "project_directory"
"""The table of the checkouts of each project."""

_FEW, _GENERATIONS = 1000, 8
"""Up to how many sessions, and how far from them, trees are followed by queries for each generation."""

WHOLE = "*"
"""The name of no column: the whole row, as a JSON object."""


def array_of(ids: Iterable[str]) -> str:
    """Return ids as the one parameter of IN."""
    return json.dumps(list(ids))


def stringify(value: object) -> str:
    """Write JSON as JSON.stringify does, so that what we change of a column is all that differs in it.

    A blob becomes its `repr`: opencode keeps none in the tables whose rows are written like this.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=repr)


def key_of(table: str) -> str:
    """Return the name of the column that is a table's primary key."""
    return "aggregate_id" if table == "event_sequence" else "id"


class WorkspaceRow(NamedTuple):
    """A row of opencode's own table `workspace`; None for what its opencode has no column for."""

    id: str
    project_id: str
    type: str | None
    directory: str | None


class ProjectRows(NamedTuple):
    """The paths in the rows of a project: `project` itself, `project_directory` and `workspace`.

    `workspaces` are (id, directory) of those that have a directory.
    """

    id: str
    vcs: str | None
    paths: ProjectPaths
    directories: tuple[Row, ...]
    workspaces: tuple[tuple[str, str], ...]


class Store:
    """An opencode database, open for reading until `close`.

    `session` in SQL is every session once, in all dialects, and without odd rows; see `schema.make_views`.
    """

    def __init__(
        self,
        path: Path,
        *,
        write: bool = False,
        busy_seconds: float = connection.BUSY_SECONDS,
        opened: sqlite3.Connection | None = None,
    ) -> None:
        """Open and introspect; raises MigratorError or DatabaseInUse with a sentence for the user.

        `opened` is a connection that somebody else has made, and closes.
        """
        self.path = path
        self._write = write
        self.connection = opened or connection.connect(path, write=write, busy_seconds=busy_seconds)
        try:
            with self.translate_errors():
                self.schema = schema.recognise(self.connection, str(path))
                odd_rows.add_functions(self.connection)
                self._leave_out_odd_rows(with_text=False)
        except BaseException:
            self.connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and with it every lock we hold on it."""
        self.connection.close()

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return a context in which SQLite's errors become ours."""
        return connection.translate_errors(self.path, write=self._write)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one query."""
        with self.translate_errors():
            try:
                return self.connection.execute(sql, params).fetchall()
            except sqlite3.OperationalError as error:
                self._leave_out_what_is_no_text(error)
            return self.connection.execute(sql, params).fetchall()

    # -- odd rows ------------------------------------------------------------------------------------------------

    def _leave_out_odd_rows(self, *, with_text: bool) -> None:
        self._odd = odd_rows.conditions(self.connection, with_text=with_text)
        self._without_odd_text = with_text
        schema.make_views(self.connection, self.schema, self._odd)

    def _leave_out_what_is_no_text(self, error: sqlite3.OperationalError) -> None:
        """Leave out rows whose text isn't UTF-8 too, if that is why a query failed; else raise its error."""
        if self._without_odd_text or not connection.met_no_text(error):
            raise error
        self.connection.text_factory = row_json.OddText.read  # for what is read of conversations, and of `main`
        self._leave_out_odd_rows(with_text=True)

    def odd_values(self, *, everything: bool = False) -> list[OddValue]:
        """Return what is odd in the rows that are left out and, with `everything`, in conversations and JSON too."""
        with self.translate_errors():
            if everything:
                return list(odd_rows.every_odd_value(self.connection))
            return list(odd_rows.odd_values(self.connection, self._odd))

    def odd_sessions(self) -> dict[str, OddValue]:
        """Map the id of each session that is left out, as far as it has one, to the first value that is odd."""
        odd = [value for value in self.odd_values() if value.table in {"session", "session_v2"}]
        return {value.session: value for value in reversed(odd) if value.session}

    def parents_of_odd(self, ids: Iterable[str]) -> dict[str, str]:
        """Map each of these sessions to its parent's id, if that is text; they may be left out themselves."""
        found: dict[str, str] = {}
        for table in self.schema.tables:
            sql = f"SELECT id, CAST(parent_id AS BLOB) FROM main.{table} WHERE id {IN} AND typeof(parent_id) = 'text'"
            found |= {id_: parent.decode(errors="replace") for id_, parent in self.rows(sql, [array_of(ids)])}
        return found

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
        for row in self._each_row(sql, params):
            id_, parent, title, project, directory, path, workspace, created, updated, archived = row
            bound = (project, directory, path, workspace)
            binding = bindings.get(bound) or bindings.setdefault(bound, Binding._make(bound))
            yield Session(id_, parent, title, binding, created, updated, archived)

    def _each_row(self, sql: str, params: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one query, without keeping them all."""
        seen = 0
        with self.translate_errors():
            try:
                for row in self.connection.execute(sql, params):
                    seen += 1
                    yield row
            except sqlite3.OperationalError as error:
                self._leave_out_what_is_no_text(error)
            else:
                return
            # The order is the same as before, and what was read of it before was fine.
            yield from islice(self.connection.execute(sql, params), seen, None)

    def sessions(self, ids: Iterable[str]) -> list[Session]:
        """Return the sessions with these ids, by id; missing ones are left out."""
        return list(self.sessions_where(f"id {IN}", [array_of(ids)], "ORDER BY id"))

    def ids_where(self, condition: str, params: Sequence[Any] = ()) -> list[str]:
        """Return the ids of the sessions that meet an SQL condition."""
        return [id_ for (id_,) in self.rows(f"SELECT id FROM session WHERE {condition} ORDER BY id", params)]

    def existing(self, ids: Iterable[str]) -> set[str]:
        """Return those of these ids that a session has, even if its row is odd."""
        wanted = array_of(ids)
        tables = self.schema.tables
        return {id_ for table in tables for (id_,) in self.rows(f"SELECT id FROM main.{table} WHERE id {IN}", [wanted])}

    def links_around(self, ids: Iterable[str]) -> dict[str, str]:
        """Map children to their parents: those of whole trees with these sessions at least, in other trees perhaps.

        A few small trees are followed generation by generation; else to read every link is quicker.
        """
        links: dict[str, str] = {}
        family = new = set(ids)
        for _ in range(_GENERATIONS):
            if len(family) > _FEW:
                break
            here = array_of(new)
            links |= self.rows(
                f"SELECT id, parent_id FROM session WHERE id {IN} AND parent_id IS NOT NULL "
                f"UNION ALL SELECT id, parent_id FROM session WHERE parent_id {IN}",
                [here, here],
            )
            new = {*links, *links.values()} - family
            if not new:
                return links
            family = family | new
        return dict(self.rows("SELECT id, parent_id FROM session WHERE parent_id IS NOT NULL"))

    def children(self, ids: Iterable[str]) -> dict[str, str]:
        """Map each child of these sessions to its parent's id."""
        wanted = set(ids)
        if self._is_most(wanted):
            every = self.rows("SELECT id, parent_id FROM session WHERE parent_id IS NOT NULL")
            return {id_: parent for id_, parent in every if parent in wanted}
        return dict(self.rows(f"SELECT id, parent_id FROM session WHERE parent_id {IN}", [array_of(wanted)]))

    def count(self) -> int:
        """Return how many sessions there are."""
        ((every,),) = self.rows("SELECT count(*) FROM session")
        return int(every)

    def _is_most(self, ids: Collection[str]) -> bool:
        """Tell whether reading all sessions costs less than looking these up one by one."""
        return 2 * len(ids) > self.count()

    def bindings(self, ids: Iterable[str]) -> dict[str, tuple[Binding, str | None]]:
        """Map each of these sessions to its binding and its `revert` marker (JSON text or None)."""
        sql = f"SELECT id, revert, {self.binding_columns()} FROM session WHERE id {IN}"
        return {id_: (Binding(*bound), revert) for id_, revert, *bound in self.rows(sql, [array_of(ids)])}

    def every_binding(self) -> list[Binding]:
        """Return every binding that a session has, once."""
        return [Binding(*row) for row in self.rows(f"SELECT DISTINCT {self.binding_columns()} FROM session")]

    def directories(self, project_id: str | None = None) -> list[str]:
        """Return every directory that a session is bound to, of this project if one is given, once."""
        sql = "SELECT DISTINCT directory FROM session WHERE ?1 IS NULL OR project_id = ?1"
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
        if self.schema.has_v1:
            undoable.append(f"EXISTS (SELECT 1 FROM part WHERE session_id = session.id AND {LIVE_PATCH})")
        if self.schema.has_v2:
            undoable.append(f"EXISTS (SELECT 1 FROM session_message WHERE session_id = session.id AND {LIVE_SNAPSHOT})")
        if self.schema.dialect == "v1+v2":  # the row that the view hides
            undoable.append("EXISTS (SELECT 1 FROM main.session old WHERE old.id = session.id AND revert IS NOT NULL)")
        sql = f"SELECT id FROM session WHERE ({' OR '.join(undoable)})"
        if self._is_most(ids):
            return {id_ for (id_,) in self.rows(sql)}.intersection(ids)
        return {id_ for (id_,) in self.rows(f"{sql} AND id {IN}", [array_of(ids)])}

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
        return {file for (file,) in rows if isinstance(file, str) and file.startswith("/")}

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

    # -- projects ------------------------------------------------------------------------------------------------

    def projects(self) -> list[Project]:
        """Return every project row, by id."""
        rows = self.rows("SELECT id, worktree, vcs, name, sandboxes FROM project ORDER BY id")
        return [
            Project(id_, worktree, vcs, name, tuple(row_json.paths(boxes) or ()))
            for id_, worktree, vcs, name, boxes in rows
        ]

    def workspaces(self) -> dict[str, WorkspaceRow]:
        """Return opencode's own workspaces by their ids; those of opencode 2 have no directory."""
        if not (columns := self.columns_of("workspace")):
            return {}
        selected = ", ".join(name if name in columns else "NULL" for name in WorkspaceRow._fields)
        return {row[0]: WorkspaceRow._make(row) for row in self.rows(f"SELECT {selected} FROM workspace ORDER BY id")}

    def columns_of(self, table: str) -> list[str]:
        """Return the names of a table's columns, in its order; none where there is no such table."""
        with self.translate_errors():
            return connection.columns_of(self.connection, table)

    def project_directory_rows(self) -> list[Row]:
        """Return the whole rows of `project_directory`, which opencode 1.17 and later have, by project."""
        if not (columns := self.columns_of(DIRECTORIES)):
            return []
        rows = self.rows(f"SELECT {', '.join(columns)} FROM {DIRECTORIES} ORDER BY project_id, directory")
        return [tuple(zip(columns, row, strict=True)) for row in rows]

    def project_rows(self, ids: Iterable[str] | None = None) -> dict[str, ProjectRows]:
        """Return the paths in the rows of every project by its id, or of those of `ids` that exist.

        A project whose columns don't hold text, as they should, is left out: whatever it is, it isn't ours to change.
        """
        directories: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.project_directory_rows():
            directories[str(dict(row)["project_id"])].append(row)
        workspaces: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for workspace in self.workspaces().values():
            if workspace.directory is not None:
                workspaces[workspace.project_id].append((workspace.id, workspace.directory))
        wanted = None if ids is None else set(ids)
        return {
            id_: ProjectRows(id_, vcs, ProjectPaths(worktree, boxes), tuple(directories[id_]), tuple(workspaces[id_]))
            for id_, vcs, worktree, boxes in self.rows("SELECT id, vcs, worktree, sandboxes FROM project ORDER BY id")
            if (wanted is None or id_ in wanted) and isinstance(worktree, str) and isinstance(boxes, str)
        }

    def worktrees(self) -> frozenset[tuple[str, str]]:
        """Return the rows of `worktree`: (project id, directory) of each checkout that opencode 2 has opened."""
        if not self.columns_of("worktree"):
            return frozenset()
        return frozenset((id_, directory) for id_, directory in self.rows("SELECT project_id, directory FROM worktree"))

    def project_directories(self) -> dict[str, list[str]]:
        """Map each project to the checkouts that opencode 1.17 and later have on record of it, gone ones too.

        Opencode 2 has them in `worktree`, and leaves the other table behind as it was.
        """
        found: dict[str, list[str]] = {}
        for project_id, directory in sorted(self.checkouts_opened(), key=itemgetter(1)):
            found.setdefault(project_id, []).append(directory)
        return found

    def checkouts_opened(self) -> dict[tuple[str, str], int]:
        """Map (project id, directory) of the checkouts of `project_directories` to when opencode first opened them.

        That is in milliseconds since 1970, 0 where it isn't known.
        """
        rows = list(map(dict, self.project_directory_rows()))
        if self.columns_of("worktree"):
            rows += [
                {"project_id": id_, "directory": directory, "time_created": time}
                for id_, directory, time in self.rows("SELECT project_id, directory, time_created FROM worktree")
            ]
        found: dict[tuple[str, str], int] = {}
        for row in rows:
            key, time = (str(row["project_id"]), str(row["directory"])), row.get("time_created")
            time = time if isinstance(time, int) else 0
            found[key] = min(found.get(key, time), time)
        return found

    def session_directories(self) -> list[SessionDirectory]:
        """Return every directory that a session is bound to, once for each project and `path` it is bound with."""
        path = "path" if self.schema.has_path else "NULL"
        rows = self.rows(
            f"SELECT directory, project_id, {path}, count(*), min(time_created) FROM session "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2"
        )
        return [SessionDirectory._make(row) for row in rows]

    def sessions_per_project(self) -> dict[str, int]:
        """Count the sessions bound to each project id, whether or not it has a row."""
        return dict(self.rows("SELECT project_id, count(*) FROM session GROUP BY project_id"))


def _version(text: object) -> tuple[int, ...]:
    """Return the numbers of a version, () for what is none: the JSON era had sessions without one."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", text) if isinstance(text, str) else None
    return tuple(map(int, numbers.groups())) if numbers else ()
