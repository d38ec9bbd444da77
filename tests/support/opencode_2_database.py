"""Databases of opencode 2, made from one that opencode 1 wrote: a fresh one, and one that opencode 2 upgraded.

The tables are those that code of opencode 2 wrote, in the two orders that their columns have; the rows are made as its
import makes them. `tests/store/test_dialects.py` holds both against a database that it imported itself.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from migrator.operations.demo import load
from tests.support.home import FIXTURES, build_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home

DIALECTS = ("v1", "v2", "v1+v2")
V2_DIALECTS = ("v2", "v1+v2")

_DROPPED = ("data_migration", "session_context_epoch", "session_input", "session_message", "workspace")
_KEPT_BY_1 = ("session", "message", "part", "todo", "session_share")


def dialect_home(path: Path, fixture: str, dialect: str) -> Home:
    """A home like `build_home` makes it, of the same sessions, in a database of this dialect."""
    home = build_home(path, fixture)
    if dialect == "v1+v2":
        upgrade(home)
    elif dialect == "v2":
        freshen(home)
    return home


def tables_of_2(dialect: str) -> tuple[str, ...]:
    """The tables that have a row for each session in a database of this dialect; the first is the one that counts."""
    return {"v1": ("session",), "v2": ("session_v2",), "v1+v2": ("session_v2", "session")}[dialect]


def upgrade(home: Home) -> None:
    """Let opencode 2 upgrade and import: new tables beside the old ones, late columns at their end."""
    with closing(sqlite3.connect(home.database)) as db, db:
        statements = _statements(home, "v2-run-upgraded")
        for table in _DROPPED:
            db.execute(f"DROP TABLE IF EXISTS {table}")
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if "time_active" not in _columns(db, "project"):
            db.execute("ALTER TABLE project ADD COLUMN time_active integer DEFAULT 0 NOT NULL")
        for name, sql in statements:
            if name not in there:
                db.execute(sql)
        if "created" not in _columns(db, "event"):
            db.execute("ALTER TABLE event ADD COLUMN created integer DEFAULT 0 NOT NULL")
        db.execute("DELETE FROM event")
        if "project_directory" in there:
            db.execute("INSERT INTO worktree SELECT project_id, directory, NULL, time_created FROM project_directory")
        _import(db, db)
        _completed(db)


def freshen(home: Home) -> None:
    """Put the same sessions into a database that opencode 2 made itself, with no tables of opencode 1."""
    old = home.database.with_name("old.db")
    home.database.rename(old)
    with closing(sqlite3.connect(old)) as before, closing(sqlite3.connect(home.database)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        for _, sql in _statements(home, "v2-run-fresh"):
            db.execute(sql)
        shared = [column for column in _columns(db, "project") if column in _columns(before, "project")]
        for row in before.execute(f"SELECT {', '.join(shared)} FROM project"):
            db.execute(f"INSERT INTO project ({', '.join(shared)}) VALUES ({', '.join('?' * len(row))})", row)
        _import(before, db)
    for file in home.database.parent.glob("old.db*"):
        file.unlink()


def _statements(home: Home, fixture: str) -> list[tuple[str, str]]:
    """The tables and indexes of a fixture, tables first."""
    path = home.database.with_name("statements.db")
    load(FIXTURES / f"{fixture}.sql", path, home.path)
    with closing(sqlite3.connect(path)) as db:
        wanted = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index', rowid"
        found = db.execute(wanted).fetchall()
    for file in home.database.parent.glob("statements.db*"):
        file.unlink()
    return found


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", [table])]


def _import(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Import every session as opencode 2 does: bindings verbatim, an unfinished undo dropped."""
    shared = [c for c in _columns(old, "session") if c in _columns(new, "session_v2") and c != "revert"]
    for row in old.execute(f"SELECT {', '.join(shared)} FROM session ORDER BY id DESC").fetchall():
        values = dict(zip(shared, row, strict=True))
        values["path"] = values.get("path") or ""
        insert(new, "session_v2", **values)
        last = -1
        for last, message in enumerate(_messages(old, values["id"], values["directory"])):
            insert(new, "session_message", session_id=values["id"], seq=last, **message)
        new.execute("INSERT OR REPLACE INTO event_sequence (aggregate_id, seq) VALUES (?, ?)", [values["id"], last])


def _messages(db: sqlite3.Connection, session: str, directory: str) -> Iterator[dict[str, Any]]:
    """Messages of opencode 2 in the place of those of opencode 1: text, and the files that an undo would restore."""
    said = "SELECT id, time_created, data FROM message WHERE session_id = ? ORDER BY time_created, id"
    for id_, time, text in db.execute(said, [session]).fetchall():
        role = json.loads(text).get("role", "user")
        data: dict[str, Any] = {"time": {"created": time}, "text": "hello", "files": []}
        if role == "assistant":
            data = {"time": {"created": time, "completed": time}, "agent": "build", "content": []}
            parts = [json.loads(p) for (p,) in db.execute("SELECT data FROM part WHERE message_id = ?", [id_])]
            patches = [part for part in parts if part["type"] == "patch"]
            if patches:
                files = [file.removeprefix(f"{directory}/") for part in patches for file in part["files"]]
                data["snapshot"] = {"start": patches[0]["hash"], "end": "0" * 40, "files": files}
        yield {"id": f"{id_}_2", "type": role, "time_created": time, "time_updated": time, "data": json.dumps(data)}


def _completed(db: sqlite3.Connection) -> None:
    insert(db, "kv", key="migration.v1-v2", value='{"phase":"completed"}', time_created=1, time_updated=1)


def insert(db: sqlite3.Connection, table: str, **values: Any) -> None:
    """Insert a row."""
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", [*values.values()])


def next_number(home: Home, session: str) -> int:
    """The number that opencode 2 gives next in a session, given out."""
    ((seq,),) = home.query("SELECT coalesce(max(seq), -1) + 1 FROM event_sequence WHERE aggregate_id = ?", [session])
    home.execute("INSERT OR REPLACE INTO event_sequence (aggregate_id, seq) VALUES (?, ?)", [session, seq])
    return int(seq)


def add_turn(home: Home, session: str, *files: str) -> str:
    """An answer that changed these files, relative to the worktree; its id."""
    seq = next_number(home, session)
    data = {"time": {"created": 1, "completed": 2}, "agent": "build", "content": []}
    data |= {"snapshot": {"start": "a" * 40, "end": "b" * 40, "files": [*files]}}
    add_row(
        home, "session_message", id=f"msg_{seq}_{session}", session_id=session, type="assistant", seq=seq,
        time_created=1, time_updated=2, data=json.dumps(data),
    )  # fmt: skip
    return f"msg_{seq}_{session}"


def queue_move(home: Home, session: str, directory: str) -> str:
    """A move that opencode 2 has queued and not carried out; its id."""
    seq = next_number(home, session)
    payload = {"location": {"directory": directory}, "projectID": "global", "subpath": ""}
    add_row(
        home, "session_inbox", id=f"msg_{seq}_{session}", session_id=session, type="move", payload=json.dumps(payload),
        delivery="steer", enqueued_seq=seq, time_created=3,
    )  # fmt: skip
    return f"msg_{seq}_{session}"


def add_row(home: Home, table: str, **values: Any) -> None:
    """Insert a row into the database of a home."""
    with closing(sqlite3.connect(home.database)) as db, db:
        insert(db, table, **values)


def forget(home: Home, session: str) -> None:
    """Let opencode 2 never have imported a session."""
    for table, column in (("session_message", "session_id"), ("session_v2", "id"), ("event_sequence", "aggregate_id")):
        home.execute(f"DELETE FROM {table} WHERE {column} = ?", [session])


def files_to_undo(home: Home, session: str) -> list[str]:
    """The files that opencode 2's undo would restore in a session."""
    answers = home.query("SELECT data FROM session_message WHERE session_id = ? ORDER BY seq", [session])
    return [file for (data,) in answers for file in json.loads(data).get("snapshot", {}).get("files", [])]


def check_whole(home: Home) -> None:
    """Assert what SQLite itself says of a database that is in order."""
    assert home.query("PRAGMA integrity_check") == [("ok",)]
    assert home.query("PRAGMA foreign_key_check") == []
    last = "SELECT max(seq) FROM session_message m WHERE m.session_id = aggregate_id"
    assert home.query(f"SELECT aggregate_id FROM event_sequence WHERE seq < ({last})") == []
