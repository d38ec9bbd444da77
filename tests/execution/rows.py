"""The database of a home as rows one can name and change: what was, what is, what should be."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.home import Home

Row = dict[str, Any]
Rows = dict[str, dict[Any, Row]]

MARKER = '{"messageID":"msg_1","snapshot":"ab","diff":"d"}'
"""What `session.revert` holds while a session is reverted."""


def rows(home: Home) -> Rows:
    """Every row of every table, by its id where it has one."""
    with closing(sqlite3.connect(home.database)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {table: [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')] for (table,) in tables}
    return {table: {row.get("id", tuple(row.values())): row for row in values} for table, values in found.items()}


def timeless(home: Home) -> Rows:
    """Every row, but for when a project was registered: two runs never do that in the same millisecond.

    Nor do they tell of a new directory in a message with the same id.
    """
    found = rows(home)
    for project in found["project"].values():
        project |= {"time_created": None, "time_updated": None, "time_active": None}
    for id_, message in [*found.get("session_message", {}).items()]:
        if message.get("type") == "location-switched":
            del found["session_message"][id_]
            data = json.loads(message["data"]) | {"time": None}
            told = message | {"id": None, "time_created": None, "time_updated": None, "data": data}
            found["session_message"][message["session_id"], message["seq"]] = told
    return found


def sessions(home: Home) -> str:
    """The table of sessions that counts: opencode 2's, where there is one."""
    return "session_v2" if "session_v2" in home.tables() else "session"


def titled(home: Home, title: str) -> str:
    """The id of the session with this title."""
    ((id_,),) = home.query(f"SELECT id FROM {sessions(home)} WHERE title = ?", [title])
    return str(id_)


def copy_session(home: Home, source: str, **columns: Any) -> None:
    """Insert a session that is like another but for these columns."""
    table = sessions(home)
    row = rows(home)[table][source] | columns
    names = ", ".join(f'"{name}"' for name in row)
    home.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def born(home: Home, parent: str) -> str:
    """Let a session have a child now, in the same place, as a subagent is started; its id."""
    id_ = f"ses_new_{len(directories(home))}"
    copy_session(home, parent, id=id_, parent_id=parent, time_created=int(time.time() * 1000))
    return id_


def directories(home: Home) -> dict[str, str]:
    """Where each session is bound to."""
    tables = [table for table in ("session", sessions(home)) if table in home.tables()]
    return {id_: where for table in tables for id_, where in home.query(f"SELECT id, directory FROM {table}")}


def patch_files(home: Home, session: str) -> list[str]:
    """The files that opencode's undo would act on in a session."""
    parts = [json.loads(data) for (data,) in home.query("SELECT data FROM part WHERE session_id = ?", [session])]
    return [file for part in parts if part["type"] == "patch" for file in part["files"]]


def journalled(home: Home, sql: str) -> list[tuple[Any, ...]]:
    """What a query finds in the journals of all runs, oldest first; nothing in those that have only just been made."""
    found: list[tuple[Any, ...]] = []
    for path in sorted(home.state.glob("runs/*.db")):
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
            suppress(sqlite3.OperationalError),
        ):
            found += connection.execute(sql).fetchall()
    return found


class Pristine:
    """A home's database and journals as they are now, to be put back as often as one likes. Nobody has them open."""

    def __init__(self, home: Home, name: str = "pristine") -> None:
        self.home = home
        self.rows = rows(home)
        self._copy = home.path / name
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(home.path / ".local", self._copy)

    def restore(self) -> None:
        shutil.rmtree(self.home.path / ".local")
        shutil.copytree(self._copy, self.home.path / ".local")
