"""The demo: a throw-away database and repositories, made from a bundled fixture of real sessions."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.paths import from_root, slashed
from migrator.places.programs import Command, run
from migrator.text import is_utf_8

if TYPE_CHECKING:
    from collections.abc import Mapping

FIXTURE = "real-1.18.34.sql"
FIXTURE_HOME = "/home/dev"


@dataclass(frozen=True, slots=True)
class DemoHome:
    """A home directory with an opencode database, and the repository that all sessions should move to."""

    home: Path

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment for commands that see only this home; the fixed date gives its commits the same ids."""
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-11-23T12:00:00Z")
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "OPENCODE", "GIT_"))}
        return {**environ, **dates, **dict.fromkeys(("HOME", "USERPROFILE"), str(self.home))}


def build(home: Path) -> DemoHome:
    """Build the home of the demo in an empty directory.

    Its sessions began in `~/src/shop-search`, `~/src/shop-checkout` and others, which are gone; one repository is left,
    `~/src/shop`.
    """
    if not is_utf_8(str(home)):
        raise MigratorError(f"The name {home} is not UTF-8, and opencode stores only UTF-8; name another directory.")
    demo_home = DemoHome(home)
    shop = home / "src" / "shop"
    (shop / "sub" / "deep").mkdir(parents=True)
    (shop / "README.md").write_text("# shop\n", newline="\n")
    identity = ("-c", "user.name=demo", "-c", "user.email=demo@example.com")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "One shop")):
        try:
            done = run(Command(f"git {words[0]} in {shop}", ("git", *words), demo_home.environ, str(shop)))
        except OSError as error:
            raise MigratorError(f"The demo needs git to make a repository, and that failed: {error}.") from error
        if done.returncode:
            complaint = " ".join(os.fsdecode(done.stderr).split())
            raise MigratorError(f"The demo needs git to make a repository, and that failed: {complaint}.")
    database = home / ".local" / "share" / "opencode" / "opencode.db"
    database.parent.mkdir(parents=True)
    load(_fixture(), database, home)
    return demo_home


def load(fixture: Path, database: Path, home: Path) -> None:
    """Build a database from a dump, with `home` in the place of /home/dev, in WAL mode as opencode leaves it."""
    sql = fixture.read_text(encoding="utf-8")
    quoted = slashed(str(home)).replace("'", "''")
    sql = sql.replace(FIXTURE_HOME, quoted).replace(f"'{FIXTURE_HOME[1:]}/", f"'{from_root(quoted)}/")
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(sql)
        connection.execute("PRAGMA journal_mode = WAL")


def _fixture() -> Path:
    """Find the dump: in the installed package, or in fixtures/ of a checkout."""
    package = Path(__file__).parents[1]
    for path in (package / "fixtures" / FIXTURE, package.parent / "fixtures" / FIXTURE):
        if path.is_file():
            return path
    raise MigratorError(f"The demo's data, {FIXTURE}, is missing from this installation; install it again.")
