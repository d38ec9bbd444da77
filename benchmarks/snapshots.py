"""Sessions of one repository with a snapshot of their own each, and a clone of it to carry them to."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING

from benchmarks.databases import BORN, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = 500
"""In the repository, and so in each snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """`sessions` of them, each of which has changed one file, in a home of opencode's below `path`."""

    path: Path
    environ: Mapping[str, str]
    sessions: int

    @property
    def source(self) -> Path:
        return self.path / "source"

    @property
    def target(self) -> Path:
        return self.path / "target"

    @property
    def database(self) -> Path:
        return self.path / "opencode/opencode.db"

    def build(self) -> None:
        """Make all of it, with five git processes for the snapshots."""
        for number in range(FILES):
            file = self.source / f"d{number % 20}" / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"file {number}\n" * 50)
        who = ("-c", "user.name=dev", "-c", "user.email=dev@example.com")
        self._git(self.source, "init", "-q")
        self._git(self.source, "add", "--all")
        self._git(self.source, *who, "commit", "-q", "-m", "Start")
        self._git(self.path, "clone", "-q", str(self.source), str(self.target))
        project = self._git(self.source, "rev-list", "--max-parents=0", "HEAD").strip()
        trees = self._trees(project)
        self.database.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(self.database)) as connection, connection:
            self._fill(connection, project, trees)

    def restore(self) -> None:
        """Take away what a move has made of it."""
        for name in ("opencode", ".local"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        shutil.copytree(self.path / "kept", self.path / "opencode")

    def keep(self) -> None:
        """Keep it as it is now, for `restore`."""
        shutil.copytree(self.path / "opencode", self.path / "kept")

    def packs(self) -> int:
        """Return how many packs have been carried."""
        return len(list(self.database.parent.glob("snapshot/*/*/objects/pack/*.keep")))

    def _trees(self, project: str) -> list[str]:
        name = sha1(str(self.source).encode(), usedforsecurity=False).hexdigest()
        git_dir = self.database.parent / "snapshot" / project / name
        git_dir.parent.mkdir(parents=True)
        self._git(self.path, "init", "-q", "--bare", str(git_dir))
        (git_dir / "objects/info/alternates").write_text(f"{self.source}/.git/objects\n")
        base = self._git(self.source, "ls-tree", "HEAD")
        contents = self.path / "contents"
        contents.mkdir()
        for number in range(self.sessions):
            (contents / str(number)).write_text(f"as session {number} found it\n" * 20)
        names = "".join(f"{contents}/{number}\n" for number in range(self.sessions))
        blobs = self._git(git_dir, "hash-object", "-w", "--stdin-paths", stdin=names).split()
        listings = "\n".join(f"{base}100644 blob {blob}\tnew-{n}\n" for n, blob in enumerate(blobs))
        return self._git(git_dir, "mktree", "--batch", stdin=listings).split()

    def _fill(self, connection: sqlite3.Connection, project: str, trees: list[str]) -> None:
        connection.executescript(SCHEMA.read_text(encoding="utf-8"))
        for table in ("event", "event_sequence", "message", "part", "project_directory", "session", "project"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute(
            "INSERT INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
            "VALUES (?, ?, 'git', ?, ?, '[]')",
            [project, str(self.source), BORN, BORN],
        )
        for number, tree in enumerate(trees):
            id_, time = f"ses_{number:06}", BORN + number
            connection.execute(
                "INSERT INTO session (id, project_id, directory, path, slug, title, version, time_created, "
                "time_updated) VALUES (?, ?, ?, '', 'x', 'A session', '1.18.34', ?, ?)",
                [id_, project, str(self.source), time, time],
            )
            connection.execute(
                "INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)",
                [f"msg_{number:06}", id_, time, time, '{"role":"assistant"}'],
            )
            files = [f"{self.source}/new-{number}"]
            parts = ({"type": "step-start", "snapshot": tree}, {"type": "patch", "hash": tree, "files": files})
            for index, part in enumerate(parts):
                data = json.dumps(part, separators=(",", ":"))
                connection.execute(
                    "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    [f"prt_{number:06}{index}", f"msg_{number:06}", id_, time, time, data],
                )

    def _git(self, directory: Path, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *words], cwd=directory, env=self.environ, input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout
