"""Sessions in two thousand directories: repositories of every kind, plain folders, and folders that are gone."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import zlib
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING

from benchmarks.databases import BORN, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DIRECTORIES = 2000
KINDS = ("origin", "kept", "commit", "plain", "gone")
"""What a directory is: a repository with an origin, with a kept id, with commits alone; no repository; gone."""
SHARES = (3, 3, 2, 6, 6)
"""Of twenty directories, how many are of each kind."""


@dataclass(frozen=True, slots=True)
class Directories:
    """A home of opencode's below `path` with a session, of one turn, in each of these directories."""

    path: Path
    environ: Mapping[str, str]

    @property
    def database(self) -> Path:
        return self.path / "opencode/opencode.db"

    @property
    def notes(self) -> Path:
        """A line for each git process that was started with `counting`."""
        return self.path / "notes"

    @property
    def counting(self) -> Mapping[str, str]:
        """The environment in which a git comes first that takes notes."""
        return {**self.environ, "PATH": f"{self.path / 'bin'}:{self.environ['PATH']}"}

    def build(self) -> None:
        """Make all of it; every second repository has snapshots, and of every third turn they are pruned."""
        model = self.path / "model"
        subprocess.run(["git", "init", "-q", "--template=", model], env=self.environ, check=True)
        blob = _store(model / ".git", b"blob", b"as it was\n")
        tree = _store(model / ".git", b"tree", b"100644 a.txt\0" + bytes.fromhex(blob))
        self.database.parent.mkdir(parents=True)
        rows = []
        kinds = [kind for kind, share in zip(KINDS, SHARES, strict=True) for _ in range(share)]
        for number in range(DIRECTORIES):
            kind, directory = kinds[number % len(kinds)], self.path / f"src/{number % 7}/work-{number:04}"
            project = self._make(kind, directory, model, tree, number)
            if kind in KINDS[:3] and number % 2:
                name = sha1(str(directory).encode(), usedforsecurity=False).hexdigest()
                shutil.copytree(model / ".git", self.database.parent / "snapshot" / project / name)
            rows.append((project, directory, tree if number % 3 else f"{number:040x}"))  # the others are pruned
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.executescript(SCHEMA.read_text(encoding="utf-8"))
            for table in ("event", "event_sequence", "message", "part", "project_directory", "session", "project"):
                connection.execute(f"DELETE FROM {table}")
            for number, row in enumerate(rows):
                _insert(connection, number, *row)
        wrapper = self.path / "bin/git"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\necho "$*" >> {self.notes}\nexec {shutil.which("git")} "$@"\n')
        wrapper.chmod(0o755)

    def processes(self) -> int:
        """Return how many git processes were counted since the last call."""
        number = len(self.notes.read_text(encoding="utf-8").splitlines()) if self.notes.exists() else 0
        self.notes.unlink(missing_ok=True)
        return number

    def _make(self, kind: str, directory: Path, model: Path, tree: str, number: int) -> str:
        """Make a directory, and return the project of its session."""
        if kind == "gone":
            return f"{number:040x}"
        if kind == "plain":
            directory.mkdir(parents=True)
            return "global"
        shutil.copytree(model, directory)
        git_dir = directory / ".git"
        commit = _store(git_dir, b"commit", _commit(tree, number))
        head = (git_dir / "HEAD").read_text(encoding="ascii").split()[1]
        (git_dir / head).parent.mkdir(parents=True, exist_ok=True)
        (git_dir / head).write_text(f"{commit}\n", encoding="ascii")
        if kind == "kept":
            (git_dir / "opencode").write_text(f"{number:040x}", encoding="ascii")
            return f"{number:040x}"
        if kind == "origin":
            with (git_dir / "config").open("a", encoding="ascii") as config:
                config.write(f'[remote "origin"]\n\turl = https://example.com/work-{number}.git\n')
            text = f"git-remote:example.com/work-{number}"
            return sha1(text.encode(), usedforsecurity=False).hexdigest()
        return commit


def _commit(tree: str, number: int) -> bytes:
    who = f"dev <dev@example.com> {1_700_000_000 + number} +0000"
    return f"tree {tree}\nauthor {who}\ncommitter {who}\n\nStart {number}\n".encode()


def _store(git_dir: Path, kind: bytes, content: bytes) -> str:
    """Write an object as git does, and return its hash."""
    whole = kind + b" %d\0" % len(content) + content
    name = sha1(whole, usedforsecurity=False).hexdigest()
    file = git_dir / "objects" / name[:2] / name[2:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(whole))
    return name


def _insert(connection: sqlite3.Connection, number: int, project: str, directory: Path, tree: str) -> None:
    time, id_ = BORN + number, f"ses_{number:06}"
    worktree = "/" if project == "global" else str(directory)
    connection.execute(
        "INSERT OR IGNORE INTO project (id, worktree, vcs, time_created, time_updated, sandboxes) "
        "VALUES (?, ?, ?, ?, ?, '[]')",
        [project, worktree, None if project == "global" else "git", BORN, BORN],
    )
    path = str(directory)[1:] if project == "global" else ""
    connection.execute(
        "INSERT INTO session (id, project_id, directory, path, slug, title, version, time_created, time_updated) "
        "VALUES (?, ?, ?, ?, 'x', 'A session', '1.18.34', ?, ?)",
        [id_, project, str(directory), path, time, time],
    )
    connection.execute(
        "INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?)",
        [f"msg_{number:06}", id_, time, time, '{"role":"assistant"}'],
    )
    parts = (
        {"type": "step-start", "snapshot": tree},
        {"type": "patch", "hash": tree, "files": [os.path.join(directory, "a.txt")]},
    )
    for index, part in enumerate(parts):
        data = json.dumps(part, separators=(",", ":"))
        connection.execute(
            "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, ?, ?, ?)",
            [f"prt_{number:06}{index}", f"msg_{number:06}", id_, time, time, data],
        )
