"""Rows of opencode's database: functions that add them, and functions that read what has become of them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

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


def rows_without_times(home: Home) -> Rows:
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


def session_table(home: Home) -> str:
    """The table of sessions that counts: opencode 2's, where there is one."""
    return "session_v2" if "session_v2" in home.tables() else "session"


def session_titled(home: Home, title: str) -> str:
    """The id of the session with this title."""
    ((id_,),) = home.query(f"SELECT id FROM {session_table(home)} WHERE title = ?", [title])
    return str(id_)


def add_session(home: Home, id_: str, *, table: str | None = None, **columns: Any) -> str:
    """Add a session with these columns, the unremarkable ones filled in; return its id."""
    add_sessions(home, {"id": id_} | columns, table=table)
    return id_


def add_sessions(home: Home, *sessions_: dict[str, Any], table: str | None = None) -> list[str]:
    """Add many, all of which say the same columns; return their ids."""
    table = table or session_table(home)
    ((number,),) = home.query(f"SELECT count(*) FROM {table}")
    usual = {"title": "a session", "slug": "calm-otter", "version": "1.18.34", "project_id": "global"}
    times = (1_760_000_000_000 + number + index for index in range(len(sessions_)))
    home.insert(
        table,
        *(usual | {"time_created": at, "time_updated": at} | row for at, row in zip(times, sessions_, strict=True)),
    )
    return [row["id"] for row in sessions_]


def copy_session(home: Home, source: str, **columns: Any) -> None:
    """Add a session that is like another one but for these columns."""
    table = session_table(home)
    home.insert(table, **(rows(home)[table][source] | columns))


def add_project(home: Home, id_: str, worktree: Path | str, *sandboxes: Path | str, vcs: str | None = "git") -> None:
    """Add a row of `project`, unless there is one."""
    boxes = json.dumps([str(box) for box in sandboxes], separators=(",", ":"), ensure_ascii=False)
    row = {"id": id_, "worktree": str(worktree), "vcs": vcs, "time_created": 5, "time_updated": 6, "sandboxes": boxes}
    home.insert("project", row, unless_there=True)


def add_opened_project(home: Home, id_: str, worktree: Path | str, *sandboxes: Path | str) -> None:
    """Add a row of `project`, and one of `project_directory` for each checkout where the schema has that table."""
    add_project(home, id_, worktree, *sandboxes)
    if home.columns("project_directory"):
        for number, directory in enumerate((worktree, *sandboxes)):
            add_directory(home, id_, directory, time_created=number)


def add_directory(home: Home, project: str, directory: Path | str, **columns: Any) -> None:
    """Add a row of `project_directory`, unless there is one."""
    row = {"project_id": project, "directory": str(directory), "time_created": 1} | columns
    home.insert("project_directory", row, unless_there=True)


def add_workspace(home: Home, id_: str, directory: Path | str | None, project: str, type_: str = "worktree") -> None:
    """Add a row of `workspace`, as far as this schema has the columns: opencode 2 knows no directory in it any more."""
    row: dict[str, Any] = {"type": type_, "name": "", "project_id": project, "time_used": 1}
    row |= {"directory": None if directory is None else str(directory)}
    row |= {"provider": "somewhere", "created_at": 1, "last_used_at": 1}
    has = home.columns("workspace")
    home.insert("workspace", id=id_, **{column: value for column, value in row.items() if column in has})


def add_message(home: Home, session: str, id_: str, time_created: int = 1, **data: Any) -> None:
    """Add a message to a session: `role=` and whatever else it says."""
    row = {"id": id_, "session_id": session, "time_created": time_created, "time_updated": 1}
    home.insert("message", row | {"data": json.dumps(data, separators=(",", ":"))})


def add_part(home: Home, session: str, message: str, id_: str, **data: Any) -> None:
    """Add a part to a message, as compact as opencode writes it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    home.insert("part", id=id_, message_id=message, session_id=session, time_created=1, time_updated=1, data=text)


def add_patch(home: Home, session: str, *files: Path | str, id_: str = "prt_added", tree: str = "0" * 40) -> None:
    """Add a message with a patch part to a session, as a turn that changed these files leaves it."""
    message = f"msg_of_{id_}"
    add_message(home, session, message, role="assistant")
    add_part(home, session, message, id_, type="patch", hash=tree, files=[str(file) for file in files])


def add_child(home: Home, parent: str) -> str:
    """Let a session have a child now, in the same place, as a subagent is started; its id."""
    id_ = f"ses_new_{len(directories(home))}"
    copy_session(home, parent, id=id_, parent_id=parent, time_created=int(time.time() * 1000))
    return id_


def directories(home: Home) -> dict[str, str]:
    """Where each session is bound to."""
    tables = [table for table in ("session", session_table(home)) if table in home.tables()]
    return {id_: where for table in tables for id_, where in home.query(f"SELECT id, directory FROM {table}")}


def patch_files(home: Home, session: str) -> list[str]:
    """The files that opencode's undo would act on in a session."""
    parts = [json.loads(data) for (data,) in home.query("SELECT data FROM part WHERE session_id = ?", [session])]
    return [file for part in parts if part["type"] == "patch" for file in part["files"]]


def query_journals(home: Home, sql: str) -> list[tuple[Any, ...]]:
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
