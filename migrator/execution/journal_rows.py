"""What a run is given to do, and what its journal holds besides changes and edits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrator.model import DirectoryChange, ProjectAction, ProjectChange, ProjectPaths, RunStatus, WorkspaceChange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from migrator.model import Plan, Session
    from migrator.store.writer import Edit


FORMAT = 4
WITH_MERGE = 5
"""Format 2 added project updates, 3 added opencode 2, 4 added `total` and numbers runs; only merges are written in 5.

Older readers refuse, so that they never undo half a run, nor take runs in another order.
"""

TABLES = """
    CREATE TABLE run (id TEXT, format INTEGER, command TEXT, store TEXT, dialect TEXT, status TEXT, started INTEGER,
        finished INTEGER, chunk_size INTEGER, undoes TEXT, partial INTEGER, verified INTEGER, relocates INTEGER,
        announces INTEGER, number INTEGER, backup TEXT);
    CREATE TABLE staying (session TEXT);
    CREATE TABLE total (name TEXT PRIMARY KEY, rows INTEGER, digest TEXT);
    CREATE TABLE binding (id INTEGER PRIMARY KEY, project_id TEXT, directory TEXT, path TEXT, workspace_id TEXT);
    CREATE TABLE change (seq INTEGER PRIMARY KEY, session TEXT, root TEXT, title TEXT, undo TEXT,
        before INTEGER, after INTEGER);
    CREATE TABLE chunk (number INTEGER PRIMARY KEY, first INTEGER, last INTEGER);
    CREATE TABLE edit (chunk INTEGER, "table" TEXT, "column" TEXT, key TEXT, session TEXT, before, after);
    CREATE INDEX edit_chunk ON edit (chunk);
    CREATE TABLE restore ("table" TEXT, "column" TEXT, key TEXT, session TEXT, before, after);
    CREATE INDEX restore_session ON restore (session);
    CREATE TABLE project (id TEXT PRIMARY KEY, worktree TEXT, vcs TEXT, action TEXT, registered INTEGER);
    CREATE TABLE project_update (id TEXT PRIMARY KEY, vcs TEXT, paths TEXT);
    CREATE TABLE snapshot (source TEXT, source_worktree TEXT, target TEXT, target_worktree TEXT, made INTEGER)
"""
"""The tables of a journal, as they are made."""

MERGE_TABLES = """
    CREATE TABLE merge (other TEXT, taken_out INTEGER, source TEXT);
    CREATE TABLE merged (session TEXT PRIMARY KEY, root TEXT, title TEXT, verdict TEXT, content TEXT, here TEXT);
    CREATE TABLE companion (session TEXT, source TEXT, target TEXT, digest TEXT);
    CREATE TABLE folder (path TEXT)
"""
"""The tables that only the journal of a merge has. Tables `kept.TABLE` hold whole rows that it took out.

`folder` are the folders that were made for the files; the first journals of merges don't have it.
"""

COUNTED = ("binding", "change", "restore", "project", "project_update", "snapshot", "staying", "chunk", "edit")
"""The tables of a journal that hold as many rows as its table `total` says, so that one that is lost is missed."""

DIGESTED = ("binding", "project", "project_update", "snapshot")
"""Those that are small: not one letter of a directory to which thousands of sessions go back may be another one."""

_Paths = tuple[ProjectPaths, ProjectPaths, tuple[DirectoryChange, ...], tuple[WorkspaceChange, ...]]


@dataclass(frozen=True, slots=True)
class RunEntry:
    """The row of a run; times in milliseconds.

    `store` is the path that the database had; which one it is now is told by its rows (traces.py). `chunk_size` None
    lets chunks follow the time that they take. `announces` tells whether the model of opencode 2 is told about a new
    directory. `number` counts the runs as they began, from 1, whatever the clock said; it is 0 in older journals.
    `finished` is when it ended, and `backup` the file to which the database was copied before it.
    `is_running` tells whether a run that hasn't ended is going on; None if nobody can tell.
    """

    id: str
    command: str
    store: str
    dialect: str
    status: RunStatus
    started: int
    sessions: int
    chunk_size: int | None
    undoes: str | None
    partial: bool
    verified: int
    relocates: bool
    announces: bool
    number: int
    finished: int | None = None
    backup: str | None = None
    is_running: bool | None = False

    @property
    def unfinished(self) -> bool:
        """Whether it hasn't ended: it was cut off in the middle, unless it `is_running`."""
        return self.status in {RunStatus.RUNNING, RunStatus.ROLLING_BACK}

    @property
    def cut_off(self) -> bool | None:
        """Whether it hasn't ended and isn't going on; None if nobody can tell which."""
        return self.unfinished and (None if self.is_running is None else not self.is_running)


@dataclass(frozen=True, slots=True)
class ProjectEdit:
    """A project row that a run registers, or that an undo takes out again; `registered` in milliseconds."""

    change: ProjectChange
    register: bool
    registered: int


class Carried(NamedTuple):
    """Two snapshot repositories between which a run copied objects, and the worktree of each; full paths.

    `made` tells that the run created the target.
    """

    source: str
    source_worktree: str
    target: str
    target_worktree: str
    made: bool


@dataclass(frozen=True, slots=True)
class Job:
    """What one run does, forward or back: a plan, and what it takes to carry that out.

    `prepared_edits` set values in the same chunk as their session: back to what they were if a run is undone, or to
    what they become if file undo is carried. `projects` are the project rows to register or to take out. `undoes` is
    the run that is undone, `redoes` the one that is brought about again by that; `partial` tells that conflicts are
    left out. `carried` is what preparing file undo has done.
    `made_on` is the path of the database that the plan, or the run that is undone, was made on. `source` is the run
    whose journal keeps the rows that are brought back; None if they come from another database. `left` are the rows of
    sessions that are taken out, as the run left them. `is_older` tells which sessions were there before the run that is
    undone.
    """

    plan: Plan
    prepared_edits: tuple[Edit, ...] = ()
    projects: tuple[ProjectEdit, ...] = ()
    undoes: str | None = None
    redoes: str | None = None
    partial: bool = False
    carried: tuple[Carried, ...] = ()
    made_on: str | None = None
    source: str | None = None
    left: tuple[Edit, ...] = ()
    is_older: Callable[[Session], bool] = lambda _: False


def digest_of(journal: sqlite3.Connection, table: str) -> str:
    """Return the SHA-256 of all rows of a table, as JSON."""
    rows = journal.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()  # noqa: S608 - one of DIGESTED
    return hashlib.sha256(json.dumps(rows, default=repr).encode()).hexdigest()


def update_row(update: ProjectChange) -> tuple[str, str | None, str]:
    """Return the row of the journal's table `project_update`: id, vcs, and every value before and after as JSON."""
    paths = [update.before, update.after, update.directories, update.workspaces]
    return update.id, update.vcs, json.dumps(paths, ensure_ascii=False)


def read_update(id_: str, vcs: str | None, paths: str) -> ProjectChange:
    """Return the update that a row of `project_update` holds. Raises ValueError if it holds anything else."""
    from msgspec.json import decode

    before, after, directories, workspaces = decode(paths, type=_Paths)
    return ProjectChange(id_, after.worktree, ProjectAction.UPDATE, vcs, before, after, directories, workspaces)
