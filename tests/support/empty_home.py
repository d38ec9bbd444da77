"""A home whose database holds nothing but what a test puts in, and what is bound where in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.git import root_commit
from tests.support.home import Home, build_home
from tests.support.rows import add_opened_project, add_session

if TYPE_CHECKING:
    from pathlib import Path


def empty_home(path: Path, fixture: str = "1.18.34") -> Home:
    """Make a home without sessions, and without projects but `global`."""
    home = build_home(path, fixture)
    for table in ("session", "project_directory"):
        if home.columns(table):
            home.execute(f"DELETE FROM {table}")
    home.execute("DELETE FROM project WHERE id <> 'global'")
    return home


def bind_session(home: Home, id_: str, project: str, directory: Path | str, path: str | None, **columns: Any) -> str:
    """Add a session that is bound to this; return its id. The oldest schemas have no path."""
    if "path" in home.columns("session"):
        columns["path"] = path
    return add_session(home, id_, project_id=project, directory=str(directory), **columns)


def bound(home: Home) -> dict[str, tuple[str, str, str | None]]:
    """Return (project, directory, path) of every session."""
    rows = home.query("SELECT id, project_id, directory, path FROM session")
    return {id_: (project, directory, path) for id_, project, directory, path in rows}


def projects(home: Home) -> dict[str, tuple[str, list[str]]]:
    """Return (worktree, sandboxes) of every project but `global`."""
    rows = home.query("SELECT id, worktree, sandboxes FROM project WHERE id <> 'global'")
    return {id_: (worktree, json.loads(boxes)) for id_, worktree, boxes in rows}


def known_directories(home: Home, project: str) -> list[str]:
    """Return the directories of a project in `project_directory`."""
    sql = "SELECT directory FROM project_directory WHERE project_id = ? ORDER BY directory"
    return [directory for (directory,) in home.query(sql, [project])]


def project_at_home(home: Home, name: str, *directories: str) -> tuple[Path, str]:
    """Make a repository with its project row, a session at its top and one in each directory; return path and id."""
    repository = home.repository(name, *directories)
    project = root_commit(repository)
    add_opened_project(home, project, repository)
    bind_session(home, f"ses_{name}", project, repository, "")
    for directory in directories:
        bind_session(home, f"ses_{name}_{directory}", project, repository / directory, directory)
    return repository, project
