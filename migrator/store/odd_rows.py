"""Odd rows: rows with values that opencode never writes. This is the one gate where rows come in.

SQLite stores anything in any column: a BLOB or a number for a text, bytes that aren't UTF-8, NUL. Nobody can tell what
such a row means, so it is left out of everything that we read, and so of everything that we write; `doctor` names it.

A table with odd rows gets a temporary view of the same name, without them: a name without a schema means the temporary
one first. Statements that write, and those that ask whether a row exists at all, name `main`. A table without odd rows
is read as it is, since the conditions would double the time of every query; to look for odd ones takes a tenth of a
second with 100,000 sessions. Whether text is UTF-8 takes longer, and is asked once a text was met that isn't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from migrator.store import row_json
from migrator.store.connection import columns_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping


_READABLE, _JSON = "is_readable_text", "is_readable_json"


class _Kind(NamedTuple):
    """What a column must hold: as an SQL condition, and in words."""

    condition: str
    expected: str

    def of(self, column: str) -> str:
        """Return the condition for this column."""
        return self.condition.format(c=f'"{column}"')


# SQLite orders numbers before text and text before BLOBs; that is quicker to ask than typeof(), unless a text is long.
_TEXT = _Kind("({c} >= '' AND {c} < x'')", "text")
_MAYBE_TEXT = _Kind("({c} IS NULL OR {c} >= '' AND {c} < x'')", "text or NULL")
_MAYBE_LONG_TEXT = _Kind("(typeof({c}) IN ('text', 'null'))", "text or NULL")
_ID = _Kind("({c} > '' AND {c} < x'' AND instr({c}, char(0)) = 0)", "text of at least one character, without NUL")
_TIME = _Kind("({c} < '')", "a number")
_MAYBE_TIME = _Kind("({c} IS NULL OR {c} < '')", "a number or NULL")
_TIME_OR_TEXT = _Kind("({c} < x'')", "a number")  # text that somebody wrote there only spoils the order of lists
_DIRECTORY = _Kind("({c} >= '' AND {c} < x'' AND instr({c}, char(0)) = 0)", "text without NUL")
_MAYBE_DIRECTORY = _Kind(f"({{c}} IS NULL OR {_DIRECTORY.condition})", f"{_DIRECTORY.expected}, or NULL")
_MAYBE_JSON = _Kind(f"({{c}} IS NULL OR typeof({{c}}) = 'text' AND {_JSON}(CAST({{c}} AS BLOB)))", "JSON or NULL")
_PATHS = _Kind(f"({_JSON}(CAST({{c}} AS BLOB), 'array'))", "a JSON array of paths")
# Conversations are most of a database, and SQLite's own decoder is quicker.
_CONTENT = _Kind("(typeof({c}) = 'text' AND json_valid({c}))", "JSON that SQLite can read")

_SESSION = {
    "id": _ID,
    "project_id": _TEXT,
    "parent_id": _MAYBE_TEXT,
    "directory": _TEXT,  # whatever it says, `..` included: orphan rules tell where it is no path of this system
    "path": _MAYBE_TEXT,
    "workspace_id": _MAYBE_TEXT,
    "title": _MAYBE_TEXT,
    "revert": _MAYBE_JSON,
    "time_created": _TIME,
    "time_updated": _TIME_OR_TEXT,
    "time_archived": _MAYBE_TIME,
}
_LEFT_OUT: Mapping[str, Mapping[str, _Kind]] = {
    "session": _SESSION,
    "session_v2": _SESSION | {"fork_session_id": _MAYBE_TEXT},
    "project": {
        "id": _ID, "worktree": _DIRECTORY, "vcs": _MAYBE_TEXT, "name": _MAYBE_TEXT, "sandboxes": _MAYBE_LONG_TEXT
    },
    "project_directory": {"project_id": _TEXT, "directory": _DIRECTORY, "type": _MAYBE_TEXT, "strategy": _MAYBE_TEXT},
    "workspace": {"id": _ID, "project_id": _TEXT, "type": _MAYBE_TEXT, "directory": _MAYBE_DIRECTORY},
    "worktree": {"project_id": _TEXT, "directory": _DIRECTORY},
}  # fmt: skip
"""What the columns that we read must hold, for each table. Columns that a schema lacks are skipped."""

_CONVERSATION = {"id": _ID, "session_id": _TEXT, "data": _CONTENT}
_NAMED: Mapping[str, Mapping[str, _Kind]] = {
    "project": {"sandboxes": _PATHS},
    "message": _CONVERSATION,
    "part": _CONVERSATION,
    "session_message": _CONVERSATION,
}
"""Columns whose odd values are only named; the row is not left out, since nothing else in it depends on them."""


class OddValue(NamedTuple):
    """A value that opencode never writes; `row` is the SQL condition that finds its row, `session` its session's id."""

    table: str
    row: str
    column: str
    why: str
    left_out: bool
    session: str | None

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.column} {self.why}"


def add_functions(db: sqlite3.Connection) -> None:
    """Add the SQL functions that look at the bytes of texts: whether they are text, and JSON, or JSON of paths."""
    ((encoding,),) = db.execute("PRAGMA encoding").fetchall()

    def is_text(*values: bytes | None) -> bool:
        try:
            for value in values:
                if value is not None:
                    value.decode(encoding)
        except UnicodeDecodeError:
            return False
        return True

    def is_json(value: bytes | None, array: str | None = None) -> bool:
        if value is None or not is_text(value):
            return False
        text = value.decode(encoding)
        return (row_json.paths if array else row_json.decode)(text) is not None or text.strip() == "null"

    db.create_function(_READABLE, -1, is_text, deterministic=True)
    db.create_function(_JSON, -1, is_json, deterministic=True)


def conditions(db: sqlite3.Connection, *, with_text: bool) -> dict[str, str]:
    """Map each table that has odd rows to the SQL condition that leaves them out.

    `with_text` says whether the bytes of texts are looked at too.
    """
    found: dict[str, str] = {}
    for table, kinds in _LEFT_OUT.items():
        condition = _condition(db, table, kinds, with_text=with_text)
        if condition and db.execute(f"SELECT 1 FROM main.{table} WHERE ({condition}) IS NOT TRUE LIMIT 1").fetchone():
            found[table] = condition
    return found


def _condition(db: sqlite3.Connection, table: str, kinds: Mapping[str, _Kind], *, with_text: bool) -> str:
    columns = [column for column in columns_of(db, table) if column in kinds]
    tests = [kinds[column].of(column) for column in columns]
    return " AND ".join([*tests, _are_readable(columns)] if with_text and columns else tests)


def _are_readable(columns: list[str]) -> str:
    texts = ", ".join(f'CAST("{column}" AS BLOB)' for column in columns)
    return f"{_READABLE}({texts})"


def odd_values(db: sqlite3.Connection, fine: Mapping[str, str]) -> Iterator[OddValue]:
    """Yield each odd value of the rows that are left out; `fine` is what `conditions` returned."""
    for table, condition in fine.items():
        yield from _odd_values(db, table, _LEFT_OUT[table], condition, left_out=True)


def every_odd_value(db: sqlite3.Connection) -> Iterator[OddValue]:
    """Yield each odd value of rows that are left out, and of those that are only named; this looks at every byte."""
    yield from odd_values(db, conditions(db, with_text=True))
    for table, kinds in _NAMED.items():
        if condition := _condition(db, table, kinds, with_text=True):
            yield from _odd_values(db, table, kinds, condition, left_out=False)


def _odd_values(
    db: sqlite3.Connection, table: str, kinds: Mapping[str, _Kind], condition: str, *, left_out: bool
) -> Iterator[OddValue]:
    has = columns_of(db, table)
    columns = [column for column in has if column in kinds]
    keys = ["id"] if "id" in has else ["project_id", "directory"]
    row = " || ' AND ' || ".join(f"'{key} ' || iif({key} IS NULL, 'IS ', '= ') || quote({key})" for key in keys)
    session = "id" if table in {"session", "session_v2"} else "session_id" if "session_id" in has else "NULL"
    looked_at = ", ".join(
        f'typeof("{column}"), ({kinds[column].of(column)}) IS TRUE, {_are_readable([column])}' for column in columns
    )
    found = db.execute(
        f"SELECT CAST({row} AS BLOB), CAST({session} AS BLOB), {looked_at} FROM main.{table} "
        f"WHERE ({condition}) IS NOT TRUE"
    )
    for name, id_, *values in found:
        of = None if id_ is None else id_.decode(errors="replace")
        for column, type_, is_fine, is_text in zip(columns, values[::3], values[1::3], values[2::3], strict=True):
            if not (is_fine and is_text):
                why = "holds bytes that are not UTF-8" if is_fine else _why(type_, kinds[column])
                yield OddValue(table, name.decode(errors="replace"), column, why, left_out, of)


def _why(type_: str, kind: _Kind) -> str:
    is_ = {"null": "is NULL, not", "blob": "is a BLOB, not", "integer": "is a number, not", "real": "is a number, not"}
    return f"{is_.get(type_, 'is not')} {kind.expected}"
