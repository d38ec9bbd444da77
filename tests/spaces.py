"""Sessions in workspaces: a home whose database holds what opencode leaves when a directory is opened in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.places import Places, ProjectIdScheme
from tests.execution.rows import sessions
from tests.places.jj_trees import JjRepository, now_ms
from tests.places.repositories import git
from tests.v2_databases import dialect_home

if TYPE_CHECKING:
    from pathlib import Path

    from tests.home import Home


@dataclass
class Spaces:
    """`home` with an empty database; `made` counts the sessions, whose ids tell nothing."""

    home: Home
    made: int = 0

    @property
    def src(self) -> Path:
        return self.home.src

    def repository(self, name: str = "shop", *directories: str) -> Path:
        """A git repository in src/NAME, opened once."""
        root = self.home.repository(name, *directories)
        self.session(root, f"in {name}")
        return root

    def worktree(self, repository: Path, name: str) -> Path:
        """A linked worktree beside the repository."""
        git(repository, "worktree", "add", "-q", f"../{name}")
        return repository.parent / name

    def jj(self, name: str = "shop", style: str = "relative", backing: str = "colocated") -> JjRepository:
        """A jj repository in src/NAME with its main workspace opened once."""
        root = self.home.repository(name, "packages") if backing == "colocated" else self.src / name
        built = JjRepository(root, style, backing).build()
        self.session(root, f"in {name}")
        return built

    def session(self, directory: Path, title: str, created: int | None = None, project: str | None = None) -> str:
        """What opencode leaves after a session in this directory, which must be there now; gives its id."""
        directory.mkdir(parents=True, exist_ok=True)
        table = sessions(self.home)
        identity = ProjectIdScheme.ORIGIN_FIRST if table == "session" else ProjectIdScheme.V2
        place = Places(identity).find(str(directory))
        project_id = project or place.project_id
        self._project(project_id, place.project_worktree, place.vcs)
        self.made += 1
        id_ = f"ses_{self.made:04}"
        created = created or now_ms() + self.made
        self.home.execute(
            f"INSERT INTO {table} (id, project_id, slug, directory, path, title, version, time_created, time_updated) "
            "VALUES (?, ?, 'slug', ?, ?, ?, '1.18.34', ?, ?)",
            (id_, project_id, place.directory, place.path, title, created, created),
        )
        if place.project_id != "global":
            known = json.loads(self.home.query("SELECT sandboxes FROM project WHERE id = ?", (project_id,))[0][0])
            worktree = self.home.query("SELECT worktree FROM project WHERE id = ?", (project_id,))[0][0]
            if place.worktree not in {worktree, *known}:
                boxes = json.dumps([*known, place.worktree])
                self.home.execute("UPDATE project SET sandboxes = ? WHERE id = ?", (boxes, project_id))
        return id_

    def where(self) -> dict[str, str]:
        """The directory of each session, by its title, below src."""
        rows = self.home.query(f"SELECT title, directory FROM {sessions(self.home)}")
        return {title: directory.removeprefix(f"{self.src}/") for title, directory in rows}

    def _project(self, id_: str, worktree: str, vcs: str | None) -> None:
        self.home.execute(
            "INSERT OR IGNORE INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
            "VALUES (?, ?, ?, 1, 1, '[]')",
            (id_, worktree, vcs),
        )


def build_spaces(path: Path, dialect: str = "v1") -> Spaces:
    home = dialect_home(path, "real-1.18.34", dialect)
    emptied = ("message", "part", "todo", "session", "session_message", "session_v2", "event_sequence")
    for table in (*emptied, "project_directory", "worktree", "project"):
        if table in home.tables():
            home.execute(f"DELETE FROM {table}")
    return Spaces(home)
