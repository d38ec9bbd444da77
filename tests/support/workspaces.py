"""Repositories of several workspaces, and the rows that opencode leaves when it works in them."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

from tests.support.git import worktree
from tests.support.history import History
from tests.support.jj import JjRepository
from tests.support.opencode_2_database import dialect_home
from tests.support.rows import session_table

if TYPE_CHECKING:
    from pathlib import Path


class Workspaces(History):
    """A history whose sessions are told apart by their titles. It begins without any."""

    def __init__(self, path: Path, dialect: str = "v1") -> None:
        super().__init__(dialect_home(path, "real-1.18.34", dialect))
        self._later = count(1)

    def repository(self, name: str = "shop", *directories: str) -> Path:
        """Make a git repository in src/NAME that was opened once."""
        root = self.home.repository(name, *directories)
        self.titled(root, f"in {name}")
        return root

    def worktree(self, repository: Path, name: str) -> Path:
        """Add a linked worktree beside the repository."""
        return worktree(repository, name)

    def jj(self, name: str = "shop", style: str = "relative", backing: str = "colocated") -> JjRepository:
        """Make a jj repository in src/NAME with its main workspace opened once."""
        root = self.home.repository(name, "packages") if backing == "colocated" else self.src / name
        built = JjRepository(root, style, backing).build()
        self.titled(root, f"in {name}")
        return built

    def titled(self, directory: Path, title: str, created: int | None = None, project: str | None = None) -> str:
        """Leave a session of this title in a directory, which is made unless it is there; return its id."""
        directory.mkdir(parents=True, exist_ok=True)
        created = created or now_ms() + next(self._later)
        return self.session(directory, title=title, created=created, **({"project_id": project} if project else {}))

    def where(self) -> dict[str, str]:
        """Return the directory of each session, by its title, below src."""
        rows = self.home.query(f"SELECT title, directory FROM {session_table(self.home)}")
        return {title: directory.removeprefix(f"{self.src}/") for title, directory in rows}


def now_ms() -> int:
    return int(time.time() * 1000)
