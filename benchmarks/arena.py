"""A directory of its own to measure in: a home, the repository that sessions move to, and fresh copies of databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.databases import SMALL_SOURCE, SOURCES, SUB_PATHS

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(sys.executable).with_name("opencode-migrator")


@dataclass(frozen=True, slots=True)
class Arena:
    """Everything that is measured happens below `path`, which the caller removes."""

    path: Path

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of measured processes: a home, and a journal, of their own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "OPENCODE", "GIT_"))}
        return {**kept, "HOME": str(self.path)}

    @property
    def destination(self) -> Path:
        """The repository that every session moves to."""
        return self.path / "repository"

    @property
    def journals(self) -> Path:
        """Where runs are written down."""
        return self.path / ".local"

    def build(self) -> str:
        """Make the repository, with every sub-path that sessions have, and return its project id."""
        for sub in SUB_PATHS:
            (self.destination / sub.removeprefix("/")).mkdir(parents=True, exist_ok=True)
        who = ("-c", "user.name=dev", "-c", "user.email=dev@example.com")
        for words in (("init", "-q"), (*who, "commit", "-q", "--allow-empty", "-m", "Start")):
            subprocess.run(["git", *words], cwd=self.destination, env=self.environ, check=True)
        asked = ("git", "rev-list", "--max-parents=0", "HEAD")
        found = subprocess.run(
            asked, cwd=self.destination, env=self.environ, check=True, capture_output=True, text=True
        )
        return found.stdout.strip()

    def copy(self, original: Path, name: str) -> Path:
        """Return a fresh copy that is in memory and whose pages have all reached the disk."""
        copy = self.path / name
        for suffix in ("-wal", "-shm"):
            copy.with_name(name + suffix).unlink(missing_ok=True)
        subprocess.run(["cp", "--reflink=auto", original, copy], check=True)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        return copy

    def settle(self, database: Path) -> Path:
        """Make a checkout for every session of a database, and bind each as opencode would; return their folder.

        Each keeps its project's id, as a repository does that opencode has opened: nobody in it is lost.
        """
        folder = self.path / "checkouts"
        folder.mkdir()
        model = self.path / "model"
        subprocess.run(["git", "init", "-q", "--template=", model], env=self.environ, check=True)
        with closing(sqlite3.connect(database)) as connection, connection:
            there = (SOURCES.rpartition("/")[0], str(folder))
            connection.execute("UPDATE session SET directory = replace(directory, ?, ?), workspace_id = NULL", there)
            one = connection.execute("SELECT min(id) FROM project").fetchone()
            small = SMALL_SOURCE.replace(*there)  # of several projects, which no directory is
            connection.execute("UPDATE session SET project_id = ? WHERE directory = ?", (*one, small))
            rows = connection.execute("SELECT DISTINCT project_id, directory FROM session WHERE path = ''").fetchall()
        for project_id, directory in rows:
            shutil.copytree(model, directory)
            Path(directory, ".git", "opencode").write_text(project_id)
            for sub in SUB_PATHS:
                Path(directory + sub).mkdir(parents=True, exist_ok=True)
        return folder

    def list_orphans(self, database: Path) -> list[str | Path]:
        """Return the command that looks at the directory of every session."""
        return [PROGRAM, "orphans", "--db", database, "--json"]

    def ask_git_alone(self, checkouts: Path) -> list[str | Path]:
        """Return the command that runs the git processes of that look, and no more."""
        return [sys.executable, "-I", Path(__file__).with_name("git_alone.py"), checkouts]

    def move_everything(self, database: Path) -> list[str | Path]:
        """Return the command that `by_hand.script` does by hand."""
        shutil.rmtree(self.journals, ignore_errors=True)
        to = ("--to-dir", self.destination)
        return [PROGRAM, "move", "--db", database, "--from-dir", f"{SOURCES}*", *to, "--yes"]

    def merge_everything(self, other: Path, database: Path) -> list[str | Path]:
        """Return the command that `merge.merge_script` does by hand."""
        shutil.rmtree(self.journals, ignore_errors=True)
        to = ("--to-dir", self.destination)
        return [PROGRAM, "merge", other, "--db", database, "--from-dir", f"{SOURCES}*", *to, "--yes"]

    def try_a_few(self, database: Path) -> list[str | Path]:
        """Return the command that shows what the move of one directory's sessions would change."""
        return [
            PROGRAM,
            "move",
            "--db",
            database,
            "--from-dir",
            SMALL_SOURCE,
            "--to-dir",
            self.destination,
            "--dry-run",
        ]
