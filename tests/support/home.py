"""A home directory of its own for one test: database, repositories, and our command run in it as a user would."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.operations.demo import load
from tests.support import forked
from tests.support.git import DATE, commit, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.forked import Finished

FIXTURES = Path(__file__).parents[2] / "fixtures"
V1_FIXTURES = ("1.2.1", "1.2.27", "1.14.34", "1.15.13", "1.17.0", "1.18.34", "1.18.34-messages", "real-1.18.34")

HOME = ("HOME", "USERPROFILE")
"""The variables that say where the home directory is; the latter on Windows."""
SESSION = "ses_dfbea73e8ffe6ct072nipe6o7c"
"""One of the real sessions."""
MOVE = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes")
"""A command that moves 17 of the real sessions, once there is a repository `shop` with `sub/deep`."""


@dataclass
class Home:
    """`path` is $HOME; the fixture's /home/dev is replaced by it."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)
    site: Path | None = field(default=None, kw_only=True)
    """Where other distributions are installed."""

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
        site = {"PYTHONPATH": str(self.site)} if self.site else {}
        home = dict.fromkeys(HOME, str(self.path))
        return {**kept, **identity, **site, **home, "COLUMNS": "80", "NO_COLOR": "1", **self.environ}

    def run(self, *words: str | Path, cwd: Path | None = None, stdin: str | None = None) -> Finished:
        """Run `opencode-migrator WORDS`; standard input is empty unless given, so nobody can be asked."""
        if any(name.startswith("PYTHON") for name in self.environ):  # which an interpreter reads when it starts
            return self.start(*words, cwd=cwd, stdin=stdin)
        return forked.run([*map(str, words)], self.env(), cwd or self.path, stdin or "", self.first)

    @property
    def first(self) -> Callable[[], object] | None:
        """What a forked command must do first, for it to find what an interpreter of its own would find."""
        return partial(forked.use_site, str(self.site)) if self.site else None

    def start(self, *words: str | Path, cwd: Path | None = None, stdin: str | None = None) -> Finished:
        """Do the same with an interpreter of its own, by `command`."""
        done = subprocess.run(
            self.command(*words),
            cwd=cwd or self.path,
            env=dict(self.env()),
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return forked.Finished(done.returncode, done.stdout, done.stderr)

    def shown(self, path: Path) -> str:
        """Return a path in this home as people are told it."""
        return str(path).replace(str(self.path), "~", 1)

    def repository(self, name: str, *directories: str, date: int = DATE) -> Path:
        """Make a git repository with one commit in src/NAME, and these directories in it."""
        root = self.src / name
        root.mkdir(parents=True, exist_ok=True)
        (root / "README.md").write_text(f"{name}\n")
        for directory in directories:
            (root / directory).mkdir(parents=True)
            (root / directory / "kept.txt").write_text("kept\n")
        git(root, "init", "-q")
        commit(root, f"Start {name}", date)
        return root

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(sql, params).fetchall()

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, params)

    def insert(self, table: str, *rows: Mapping[str, Any], unless_there: bool = False, **columns: Any) -> None:
        """Insert rows that all have the same columns, or the one row with these columns."""
        inserted = [*rows, columns] if columns else [*rows]
        names = ", ".join(f'"{name}"' for name in inserted[0])
        marks = ", ".join("?" * len(inserted[0]))
        verb = "INSERT OR IGNORE" if unless_there else "INSERT"
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.executemany(
                f'{verb} INTO "{table}" ({names}) VALUES ({marks})', [tuple(row.values()) for row in inserted]
            )

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, to see that the database is as it was."""
        return {table: sorted(self.query(f'SELECT * FROM "{table}"'), key=repr) for table in self.tables()}

    def tables(self) -> list[str]:
        return [name for (name,) in self.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def columns(self, table: str) -> set[str]:
        """Return the names of a table's columns: none if there is no such table."""
        return {name for (name,) in self.query("SELECT name FROM pragma_table_info(?)", [table])}

    def empty(self, *kept: str) -> None:
        """Delete every row of every table but the ones to be kept."""
        for table in set(self.tables()) - {*kept, "kv", "migration"}:
            self.execute(f'DELETE FROM "{table}"')


def build_home(path: Path, fixture: str) -> Home:
    """Make a home whose database is one of the fixtures; none of its directories exists until made."""
    home = Home(path.resolve())
    home.database.parent.mkdir(parents=True)
    home.src.mkdir()
    load(FIXTURES / f"{fixture}.sql", home.database, home.path)
    return home


def checkpoint(home: Home) -> None:
    """Write everything into the database file itself, and leave no log beside it."""
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
