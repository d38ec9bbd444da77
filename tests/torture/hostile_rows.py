"""Rows that are not what they should be: cells of any type, trees of any shape, schemas that no opencode makes.

Every command must end as the contract says and in time, a move must leave everything alone that it doesn't name, odd
rows above all, and its undo must put back every byte.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.opencode_2_database import DIALECTS, dialect_home
from tests.torture.home import kept_contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from tests.support.home import Home
    from tests.torture.frame import Try

SLICE = 3
PATIENCE_SECONDS = 30

_DEEP = 100_000
_VALUES = (
    "NULL", "x'00ff'", "x''", "7", "-1", "1.5", "9e999", "9223372036854775807", "-9223372036854775808", "''", "' '",
    "'a' || char(0) || 'b'", "char(0)", "CAST(x'ff41' AS TEXT)", "CAST(x'2fe92f' AS TEXT)", "CAST(x'eda080' AS TEXT)",
    "char(10) || char(27) || '[2J'", "'/..'", "'..'", "'../x'", "'/home/dev/../../x'", "'rel/x'", "'//'", "'/a//b/'",
    "'/' || hex(zeroblob(2000))", "hex(zeroblob(500000))", "'null'", "'[]'", "'{}'", "'{'", "'7'", "'[1,null,{}]'",
    "'[\"\\ud800\",\"a\\u0000b\"]'", f"replace(hex(zeroblob({_DEEP // 2})), '00', '[[')",
    f"replace(hex(zeroblob({_DEEP})), '00', '{{\"a\":') || '1' || replace(hex(zeroblob({_DEEP})), '00', '}}')",
    "'{\"type\":\"patch\",\"hash\":7,\"files\":[1,null,\"\\ud800\",\"/a\\u0000\"]}'",
    "'{\"type\":\"patch\",\"hash\":\"x' || char(10) || 'y\",\"files\":[\"/a\"]}'", "'{\"type\":\"patch\"'",
    "'{\"type\":\"patch\",\"files\":' || replace(hex(zeroblob(600)), '00', '[') || hex(zeroblob(9)) || '}'",
    "'{\"snapshot\":{\"a\":1},\"diff\":[]}'", "CAST('{\"type\":\"patch\",\"files\":[\"/a\"]}' AS BLOB)",
    "CAST(CAST('{\"type\":\"patch\",\"files\":[\"/' AS BLOB) || x'ff' || CAST('\"]}' AS BLOB) AS TEXT)",
)  # fmt: skip
"""What is put into cells, as SQL."""

_TABLES = (
    "session", "session", "session", "session_v2", "session_v2", "session_v2", "project", "part", "message",
    "session_message", "workspace", "worktree", "project_directory", "session_inbox", "event_sequence", "kv",
)  # fmt: skip
_FAMILY = ("self", "cycle", "chain", "comb")


class _Cell(NamedTuple):
    """One cell: picked by three numbers from 0 to 1, whatever tables, rows and columns there are."""

    table: str
    row: float
    column: float
    value: str


def tries(random: Random) -> Iterator[Try]:
    """Yield databases with a few hostile cells and, some of them, hostile trees and schemas."""
    while True:
        cells = [
            _Cell(random.choice(_TABLES), random.random(), random.random(), random.choice(_VALUES))
            for _ in range(random.choice((0, 1, 1, 2, 4, 20)))
        ]
        family = random.choice((*_FAMILY, "", "", "", ""))
        schema = random.choice((*SCHEMAS, *_MADE_LATER, "", "", "", "", "", ""))
        yield partial(_try, random.choice(DIALECTS), schema, family, cells)


def _try(dialect: str, schema: str, family: str, cells: Sequence[_Cell], directory: Path) -> None:
    home = dialect_home(directory / "home", "real-1.18.34", dialect)
    home.repository("shop", "sub/deep")
    done = f"{dialect}: {schema} {family} "
    if schema in SCHEMAS:
        rebuild(home, schema)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        if family:
            _relate(db, family)
        done += "; ".join(filter(None, (_put(db, cell) for cell in cells)))
        if schema in _MADE_LATER:
            db.execute(_MADE_LATER[schema].format("session_v2" if dialect == "v2" else "session"))
    try:
        _check(home)
    except (AssertionError, ValueError) as error:
        raise AssertionError(f"{error}\n{done[:1500]}") from error


# -- what is done --------------------------------------------------------------------------------------------------


def _put(db: sqlite3.Connection, cell: _Cell) -> str:
    columns = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", [cell.table])]
    if not columns:
        return ""
    column = columns[int(cell.column * len(columns))]
    ((rows,),) = db.execute(f"SELECT count(*) FROM {cell.table}")
    said = f"UPDATE {cell.table} SET {column} = {cell.value} (row {cell.row * rows:.1f})"
    with suppress(sqlite3.Error):  # a constraint of opencode's own
        db.execute(
            f"UPDATE {cell.table} SET {column} = {cell.value} WHERE ({columns[0]}) = "
            f"(SELECT {columns[0]} FROM {cell.table} LIMIT 1 OFFSET ?)",
            [int(cell.row * rows)],
        )
        return said
    return ""


def _relate(db: sqlite3.Connection, family: str) -> None:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name IN ('session', 'session_v2')")]
    for table in tables:
        ids = [id_ for (id_,) in db.execute(f"SELECT id FROM {table} ORDER BY id")]
        last = len(ids) - 1
        above = {
            "self": range(len(ids)),
            "cycle": [last, *range(last)],
            "chain": [None, *range(last)],
            "comb": [last, *(at // 2 for at in range(1, len(ids)))],
        }[family]
        links = [(None if parent is None else ids[parent], id_) for parent, id_ in zip(above, ids, strict=True)]
        db.executemany(f"UPDATE {table} SET parent_id = ? WHERE id = ?", links)


def _create(table: str) -> str:
    return rf'(CREATE TABLE ["`]?{table}["`]? ?\((?:[^;]|\n)*?)\)(;)'


SCHEMAS: dict[str, tuple[str, str]] = {
    "utf-16": ("", ""),
    "no rowid": (_create("(?:session|session_v2|part|project)"), r"\1) WITHOUT ROWID\2"),
    "no primary key": (r"`id` text PRIMARY KEY", "`id` text"),
    "nulls": ("NOT NULL", ""),
    "no types": (r" (?:text|integer)\b", ""),
    "check": (_create("(?:session|session_v2)"), r"\1, CHECK (directory NOT LIKE '%shop'))\2"),
    "check of parts": (_create("part"), r"\1, CHECK (length(data) > 9))\2"),
    "generated": (r"`agent` text", "`agent` text, shout text GENERATED ALWAYS AS (upper(title))"),
}
_MADE_LATER = {
    "trigger": "CREATE TRIGGER t BEFORE UPDATE ON {0} BEGIN SELECT RAISE(ABORT, 'no'); END",
    "trigger that ignores": "CREATE TRIGGER t BEFORE UPDATE ON {0} BEGIN SELECT RAISE(IGNORE); END",
    "trigger that changes": (
        "CREATE TRIGGER t AFTER UPDATE ON {0} BEGIN UPDATE {0} SET directory = '/x' WHERE id = new.id; END"
    ),
    "unique": "CREATE UNIQUE INDEX i ON {0} (id, directory)",
    "view": "CREATE VIEW sessions AS SELECT * FROM {0}",
}


def rebuild(home: Home, schema: str) -> None:
    """Make the database anew from its dump, with another schema."""
    with closing(sqlite3.connect(home.database)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        dump = "\n".join(db.iterdump())
    pattern, replacement = SCHEMAS[schema]
    if pattern:
        dump = re.sub(pattern, replacement, dump)
    home.database.unlink()
    for name in ("-wal", "-shm"):
        home.database.with_name(home.database.name + name).unlink(missing_ok=True)
    with closing(sqlite3.connect(home.database)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        if schema == "utf-16":
            db.execute("PRAGMA encoding = 'UTF-16le'")
        db.executescript(dump)
        if schema == "no primary key":
            table = "session_v2" if "session_v2" in tables else "session"
            db.execute(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 2")
            db.commit()


# -- what must be true ---------------------------------------------------------------------------------------------

_READ = (("list", "--all", "--json"), ("projects", "--json"), ("orphans", "--json"), ("doctor", "--json"))
_MOVE = ("--from-dir", "~/src/shop-*", "--to-dir", "src/shop")
_EVERYTHING = ("--from-dir", "/**", "--to-dir", "src/shop")

Raw = dict[str, list[tuple[Any, ...]]]


def _check(home: Home) -> None:
    before = _raw(home)
    odd: list[dict[str, Any]] = []
    for words in (*_READ, ("list", "--all"), ("rescue", "--dry-run"), ("move", *_EVERYTHING, "--dry-run")):
        said = _run(home, *words)
        assert _raw(home) == before, f"{words[0]} wrote"
        assert words[0] not in {"list", "projects", "doctor"} or said.code in {0, 1}, f"{words}: {said.stderr}"
        if words == ("doctor", "--json"):
            assert said.stdout, f"doctor: {said.stderr}"
            odd = said.json["oddRows"]
    moved = _run(home, "move", *_MOVE, "--yes", "--json")
    after = _raw(home)
    if moved.code:
        assert after == before, f"move ended with {moved.code} and wrote: {moved.stderr[-300:]}"
        return
    changed = _changed_sessions(home, before, after)
    # Of a session that opencode 2 has too, no text of opencode 1's row is read, so nobody notices what it is.
    tables = {"session", "session_v2"} - ({"session"} if "session_v2" in before else set())
    left = {row["row"].removeprefix("id = ") for row in odd if row["table"] in tables}
    touched = {f"'{id_}'" for id_ in changed} & left
    assert not touched, f"odd rows were moved: {touched}"
    if after == before:
        return
    undone = _run(home, "undo", "--yes", "--json")
    assert undone.code == 0, f"undo ended with {undone.code}: {undone.stderr[-300:]}"
    different = _difference(before, _raw(home))
    assert not different, f"undo did not put everything back: {different}"
    assert json.loads(moved.stdout)["sessions"] >= len(changed) / 2, "more sessions changed than the run says"


def _run(home: Home, *words: str) -> Any:
    began = time.monotonic()
    done = kept_contract(home.run(*words))
    took = time.monotonic() - began
    assert took < PATIENCE_SECONDS, f"{words[0]} took {took:.0f} seconds"
    return done


def _raw(home: Home) -> Raw:
    """Return every row of every table, its texts as bytes."""
    with closing(sqlite3.connect(home.database)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        db.text_factory = bytes
        return {name: sorted(db.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def _difference(before: Raw, after: Raw) -> str:
    """Return the first row that is in one and not in the other, shortened."""
    for table, rows in before.items():
        one, other = {*map(repr, rows)}, {*map(repr, after[table])}
        # A row made for a run stays if lost rows refer to it by now, which would be deleted with it.
        more = other - one if table != "project" else set[str]()
        if one - other or more:
            return f"{table}: lacks {sorted(one - other)[:1]}, has {sorted(more)[:1]}"[:900]
    return ""


def _changed_sessions(home: Home, before: Raw, after: Raw) -> set[str]:
    found: set[str] = set()
    for table in {"session", "session_v2"} & before.keys():
        at = list(home.query("SELECT name FROM pragma_table_info(?)", [table])).index(("id",))
        rows = {repr(row) for row in before[table]}
        found |= {str(row[at], "utf-8", "replace") for row in after[table] if repr(row) not in rows}
    return found
