"""A home directory of its own for one test: database, repositories, and our command run in it as a user would."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.operations.demo import load
from tests import forked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.forked import Finished

FIXTURES = Path(__file__).parents[1] / "fixtures"
V1_FIXTURES = ("1.2.1", "1.2.27", "1.14.34", "1.15.13", "1.17.0", "1.18.34", "1.18.34-messages", "real-1.18.34")


@dataclass
class Home:
    """`path` is $HOME; the fixture's /home/dev is replaced by it."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def src(self) -> Path:
        return self.path / "src"

    @property
    def database(self) -> Path:
        return self.path / ".local" / "share" / "opencode" / "opencode.db"

    @property
    def state(self) -> Path:
        return self.path / ".local" / "state" / "opencode-migrator"

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "migrator", *map(str, words)]

    def env(self) -> Mapping[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "OPENCODE", "GIT_"))}
        identity = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "dev"), ("EMAIL", "dev@example.com"))
        }
        return {**kept, **identity, "HOME": str(self.path), "COLUMNS": "80", "NO_COLOR": "1", **self.environ}

    def run(self, *words: str | Path, cwd: Path | None = None, stdin: str | None = None) -> Finished:
        """Run `opencode-migrator WORDS`; standard input is empty unless given, so nobody can be asked."""
        if any(name.startswith("PYTHON") for name in self.environ):  # which an interpreter reads when it starts
            return self.start(*words, cwd=cwd, stdin=stdin)
        return forked.run([*map(str, words)], self.env(), cwd or self.path, stdin or "")

    def start(self, *words: str | Path, cwd: Path | None = None, stdin: str | None = None) -> Finished:
        """Do the same with an interpreter of its own, by `command`."""
        done = subprocess.run(
            self.command(*words),
            cwd=cwd or self.path,
            env=dict(self.env()),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return forked.Finished(done.returncode, done.stdout, done.stderr)

    def repository(self, name: str, *directories: str) -> Path:
        """Make a git repository with one commit in src/NAME, and these directories in it."""
        root = self.src / name
        root.mkdir(parents=True, exist_ok=True)
        (root / "README.md").write_text(f"{name}\n")
        for directory in directories:
            (root / directory).mkdir(parents=True)
            (root / directory / "kept.txt").write_text("kept\n")
        for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", f"Start {name}")):
            subprocess.run(["git", *words], cwd=root, env=dict(self.env()), check=True)
        return root

    def root_commit(self, repository: Path) -> str:
        words = ["git", "rev-list", "--max-parents=0", "HEAD"]
        return subprocess.run(words, cwd=repository, check=True, capture_output=True, text=True).stdout.strip()

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql, params).fetchall()

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, params)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, for `the database is as it was`."""
        return {table: sorted(self.query(f'SELECT * FROM "{table}"'), key=repr) for table in self.tables()}

    def tables(self) -> list[str]:
        return [name for (name,) in self.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def add_patch(self, session: str, *files: str, part: str = "prt_added") -> None:
        """Give a session a message with a patch part, as a turn that changed these files leaves it."""
        message = f"msg_of_{part}"
        self.execute(
            "INSERT INTO message (id, session_id, time_created, time_updated, data) VALUES (?, ?, 1, 1, ?)",
            (message, session, '{"role":"assistant"}'),
        )
        data = json.dumps({"type": "patch", "hash": "0" * 40, "files": list(files)}, separators=(",", ":"))
        self.execute(
            "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) VALUES (?, ?, ?, 1, 1, ?)",
            (part, message, session, data),
        )


def build_home(path: Path, fixture: str) -> Home:
    """Make a home whose database is one of the fixtures; none of its directories exists until made."""
    home = Home(path.resolve())
    home.database.parent.mkdir(parents=True)
    home.src.mkdir()
    load(FIXTURES / f"{fixture}.sql", home.database, home.path)
    return home
