"""A home whose database holds nothing but what a test puts in: sessions and project rows as opencode makes them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.execution.rows import copy_session
from tests.home import Home, build_home

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = "ses_template"


def empty_home(path: Path, fixture: str = "1.18.34") -> Home:
    """A home with one session, TEMPLATE in /template, whose columns are those of new ones."""
    home = build_home(path, fixture)
    (first,) = home.query("SELECT min(id) FROM session WHERE parent_id IS NULL")[0]
    home.execute("DELETE FROM session WHERE id <> ?", [first])
    binding = [TEMPLATE, "global", "/template"]
    home.execute("UPDATE session SET id = ?, project_id = ?, directory = ?", binding)
    home.execute("DELETE FROM project WHERE id <> 'global'")
    if "project_directory" in home.everything():
        home.execute("DELETE FROM project_directory")
    return home


def add_project(home: Home, id_: str, worktree: Path | str, *sandboxes: Path | str) -> None:
    """A project row, and a `project_directory` row for each checkout."""
    boxes = json.dumps([str(box) for box in sandboxes], separators=(",", ":"), ensure_ascii=False)
    home.execute(
        "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) VALUES (?, ?, 'git', 5, 6, ?)",
        [id_, str(worktree), boxes],
    )
    if "project_directory" in home.everything():
        for number, directory in enumerate((worktree, *sandboxes)):
            add_directory(home, id_, directory, time_created=number)


def add_directory(home: Home, project: str, directory: Path | str, **columns: Any) -> None:
    """A row of `project_directory`."""
    row = {"project_id": project, "directory": str(directory), "time_created": 1} | columns
    marks = ", ".join("?" * len(row))
    home.execute(f"INSERT INTO project_directory ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def add_session(home: Home, id_: str, project: str, directory: Path | str, path: str | None, **columns: Any) -> str:
    """A session; its id."""
    where = {"project_id": project, "directory": str(directory)}
    if "path" in home_columns(home):
        where["path"] = path  # type: ignore[assignment]
    copy_session(home, TEMPLATE, id=id_, title=id_, **where, **columns)
    return id_


def home_columns(home: Home) -> set[str]:
    return {name for (name,) in home.query("SELECT name FROM pragma_table_info('session')")}


def bound(home: Home) -> dict[str, tuple[str, str, str | None]]:
    """(project, directory, path) of every session but the template."""
    rows = home.query("SELECT id, project_id, directory, path FROM session")
    return {id_: (project, directory, path) for id_, project, directory, path in rows if id_ != TEMPLATE}


def projects(home: Home) -> dict[str, tuple[str, list[str]]]:
    """(worktree, sandboxes) of every project but `global`."""
    rows = home.query("SELECT id, worktree, sandboxes FROM project WHERE id <> 'global'")
    return {id_: (worktree, json.loads(boxes)) for id_, worktree, boxes in rows}


def known_directories(home: Home, project: str) -> list[str]:
    """The directories of `project_directory`."""
    sql = "SELECT directory FROM project_directory WHERE project_id = ? ORDER BY directory"
    return [directory for (directory,) in home.query(sql, [project])]


def git(home: Home, directory: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=directory, env=dict(home.env()), check=True, capture_output=True, text=True
    )
    return done.stdout


def at_home(home: Home, name: str, *directories: str) -> tuple[Path, str]:
    """A repository with its project row, a session at its top and one in each directory; its path and project id."""
    repository = home.repository(name, *directories)
    project = home.root_commit(repository)
    add_project(home, project, repository)
    add_session(home, f"ses_{name}", project, repository, "")
    for directory in directories:
        add_session(home, f"ses_{name}_{directory}", project, repository / directory, directory)
    return repository, project
