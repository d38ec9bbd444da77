"""Does a journal add up? One with rows missing, added or of another kind isn't believed: half a run would be undone.

A journal is a file on a disk that may be damaged, and that anybody may have edited. What it names goes into SQL and
decides which rows are set back, so that it is checked whole before anything in it is used. It takes about 60 ms for
100,000 sessions.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import ValidationError, convert

from migrator.execution.journal_rows import (
    COUNTED,
    DIGESTED,
    MERGE_TABLES,
    TABLES,
    WITH_MERGE,
    RunEntry,
    digest_of,
    read_update,
)
from migrator.model import Binding, MergeVerdict, RunStatus
from migrator.paths import is_absolute, is_whole
from migrator.store.connection import columns_of
from migrator.store.sql import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_T = TypeVar("_T")

_ALWAYS = {"run", "binding", "change", "chunk", "edit"}
_ADDED = {"partial", "relocates", "announces", "number"}
"""Columns of `run` that the first formats didn't have."""

_NOT_IN_ALL = {"backup"}
"""Columns of `run` that were added within a format: nothing is undone or resumed by them."""

FIRST_WITH_TOTALS = 4
"""The first format that has the table `total`, and numbers its runs."""

EDITED = {
    *(("session", column) for column in (*Binding._fields, "revert")),
    *((table, column) for table in ("session_message", "event_sequence", "session_inbox") for column in (WHOLE,)),
    ("session_v2", "revert"),
    ("part", "data"),
    ("session_message", "data"),
    ("event_sequence", "seq"),
}
"""(table, column) of every value that a run may change besides bindings and project rows; they go into SQL."""

_Text = Literal["text"]
_PROJECTS = list[tuple[str, str, str | None, Literal["register", "unregister"], int]]
_SNAPSHOTS = list[tuple[str, str, str, str, Literal[0, 1]]]
_UPDATES = list[tuple[str, str | None, str]]
_BINDINGS = list[tuple[int, str, str, str | None, str | None]]
_CHANGES = list[tuple[int, int, Literal["carry", "detach", "none", "set-back"], _Text, _Text, _Text]]
_MERGE = list[tuple[str, Literal[0, 1], str | None]]
_MERGED = list[tuple[str, str, str, MergeVerdict, str, str | None]]
_COMPANIONS = list[tuple[str, str, str, str]]
_NAME = re.compile(r"[a-z][a-z0-9_]*|\*")
"""The name of a table or column of opencode's, as it may go into SQL."""
_EDITS = list[tuple[str, str, _Text, _Text, Literal[0, 1]]]


def read_entry(row: Mapping[str, Any], sessions: int, name: str) -> RunEntry:
    """Return the row of a run, of a journal in the file NAME.db that holds so many sessions.

    Raises ValueError, which says in words what is wrong with it. Older journals have fewer columns.
    """
    flags = {field: bool(row.get(field)) for field in ("partial", "relocates", "announces")}
    numbers = {field: row.get(field) or 0 for field in ("verified", "number")}
    entry = _converted({**row, **flags, **numbers, "sessions": sessions}, RunEntry, "run")
    if entry.id != name:
        raise ValueError(f"it is that of run {entry.id}")
    if entry.undoes == entry.id:
        raise ValueError("its run takes itself back")
    if not is_absolute(entry.store) or "\0" in entry.store:
        raise ValueError("the path of its database is not absolute")
    if entry.chunk_size == 0 or min(entry.number, entry.verified, entry.chunk_size or 1) < 0 or entry.number > 2**53:
        raise ValueError("a number in its run is out of range")
    return entry


def check(db: sqlite3.Connection, entry: RunEntry, layout: int) -> None:
    """Raise ValueError, which says in words what doesn't add up, if a journal in the format `layout` isn't whole."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    _check_columns(db, tables, layout)
    with_totals = "total" in tables or layout >= FIRST_WITH_TOTALS
    if with_totals:
        _check_totals(db, tables)
    _check_changes(db, entry.sessions, distinct=not with_totals)
    _check_chunks(db, entry)
    for table in tables & {"edit", "restore"}:
        _check_edits(db, table, with_merge=layout >= WITH_MERGE)
    ((lost,),) = db.execute("SELECT count(*) FROM edit WHERE chunk NOT IN (SELECT number FROM chunk)").fetchall()
    if lost:
        raise ValueError(f"{lost} of its edits belong to a missing chunk")
    if "project" in tables:
        _rows(db, "project", _PROJECTS)
    if "snapshot" in tables:
        _check_paths("snapshot", (path for row in _rows(db, "snapshot", _SNAPSHOTS) for path in (row[0], row[2])))
    if "staying" in tables:
        _rows(db, "staying", list[tuple[str]])
    if layout >= WITH_MERGE:
        _check_merge(db)
    for update in _rows(db, "project_update", _UPDATES) if "project_update" in tables else ():
        read_update(*update)


def _check_columns(db: sqlite3.Connection, tables: set[str], layout: int) -> None:
    """Check that there is every table, with every column, that a journal in this format was made with."""
    with closing(sqlite3.connect(":memory:")) as as_made:
        as_made.executescript(f"{TABLES}; {MERGE_TABLES}")
        merging = ("merge", "merged", "companion") if layout >= WITH_MERGE else ()
        expected = {table: columns_of(as_made, table) for table in ("run", "total", *COUNTED, *merging)}
    for table, columns in expected.items():
        if table not in tables and (table in _ALWAYS or layout >= FIRST_WITH_TOTALS):
            raise ValueError(f"its table {table} is missing")
        missing = set(columns) - set(columns_of(db, table)) if table in tables else set()
        if missing := missing - _NOT_IN_ALL - (_ADDED if layout < FIRST_WITH_TOTALS else set()):
            raise ValueError(f"column {min(missing)} of its table {table} is missing")


def _check_totals(db: sqlite3.Connection, tables: set[str]) -> None:
    written = {name: (rows, digest) for name, rows, digest in db.execute("SELECT name, rows, digest FROM total")}
    for table in COUNTED:
        ((number,),) = db.execute(f"SELECT count(*) FROM {table}").fetchall() if table in tables else ((0,),)
        expected, digest = written.get(table, (None, None))
        if number != expected:
            raise ValueError(f"its table {table} has {number} rows, and {expected} were written")
        if number and table in DIGESTED and digest_of(db, table) != digest:
            raise ValueError(f"its table {table} was changed")


def _check_changes(db: sqlite3.Connection, number: int, *, distinct: bool) -> None:
    """Check the changes; with `distinct`, also that no session has two: slow, and needless with totals."""
    bindings = {id_ for id_, *_ in _rows(db, "binding", _BINDINGS)}
    first, last = db.execute("SELECT min(seq), max(seq) FROM change").fetchone()
    if number and (first, last) != (1, number):
        raise ValueError(f"it has {number} sessions, but they are numbered from {first} to {last}")
    kinds = "SELECT DISTINCT before, after, undo, typeof(session), typeof(root), typeof(title) FROM change"
    for before, after, *_ in _rows(db, "change", _CHANGES, kinds):
        if not {before, after} <= bindings:
            raise ValueError(f"a session goes from binding {before} to {after}, and one of them is missing")
    if distinct and db.execute("SELECT count(DISTINCT session) FROM change").fetchone() != (number,):
        raise ValueError("a session is in it more than once")


def _check_merge(db: sqlite3.Connection) -> None:
    merges = _rows(db, "merge", _MERGE)
    if len(merges) != 1:
        raise ValueError("it doesn't say what it merged")
    _check_paths("merge", (other for other, *_ in merges))
    _check_paths("companion", (path for row in _rows(db, "companion", _COMPANIONS) for path in row[1:3]))
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'folder'").fetchone():
        _check_paths("folder", (path for (path,) in _rows(db, "folder", list[tuple[str]])))
    merged = {session for session, *_ in _rows(db, "merged", _MERGED)}
    if not merged >= {session for (session,) in db.execute("SELECT session FROM change")}:
        raise ValueError("its sessions aren't those that were merged")


def _check_paths(table: str, paths: Iterable[str]) -> None:
    """Check paths that a run used: `gc` removes repositories that a journal names."""
    if wrong := next((path for path in paths if not is_whole(path)), None):
        raise ValueError(f"table {table}: {wrong!r} is no whole path of this system")


def _check_chunks(db: sqlite3.Connection, entry: RunEntry) -> None:
    """Check that the chunks follow each other from the first session on, to the last one where the run is done."""
    end, sessions = 0, entry.sessions
    sql = "SELECT number, first, last FROM chunk ORDER BY number"
    for place, (number, first, last) in enumerate(_rows(db, "chunk", list[tuple[int, int, int]], sql), 1):
        if number != place or first != end + 1 or not first <= last <= sessions:
            raise ValueError(f"its chunk {number} has sessions {first} to {last} of {sessions}, after {end}")
        end = last
    if entry.status is RunStatus.APPLIED and end != sessions:
        raise ValueError(f"its run is done, but its chunks have only {end} of {sessions} sessions")


def _check_edits(db: sqlite3.Connection, table: str, *, with_merge: bool) -> None:
    kinds = f"""
        SELECT DISTINCT "table", "column", typeof(key), typeof(session), CASE WHEN "column" <> '{WHOLE}' THEN 1
            WHEN (before IS NULL) = (after IS NULL) OR NOT json_valid(coalesce(before, after)) THEN 0
            ELSE json_type(coalesce(before, after)) = 'object' END
        FROM {table}
    """
    for place, column, _, _, is_object in _rows(db, table, _EDITS, kinds):
        if not (with_merge and _NAME.fullmatch(place) and _NAME.fullmatch(column)) and (place, column) not in EDITED:
            raise ValueError(f"it says that a run changed column {column!r} of table {place!r}, which no run does")
        if not is_object:
            raise ValueError(f"a row of table {place!r} in it is not a JSON object")


def _rows(db: sqlite3.Connection, table: str, kind: type[_T], sql: str | None = None) -> _T:
    return _converted(db.execute(sql or f"SELECT * FROM {table}").fetchall(), kind, f"table {table}")


def _converted(value: Any, kind: type[_T], what: str) -> _T:
    try:
        return convert(value, kind)
    except ValidationError as error:
        raise ValueError(f"{what}: {error}") from error
