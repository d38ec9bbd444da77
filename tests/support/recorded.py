"""Plans and runs that earlier versions wrote, put back into a home: its disk, its database, its journals.

`recorder.py` has written them to fixtures/written-by-*/, in the home /home/dev. The disk was not recorded: `build_disk`
makes it again, down to the commit ids. A change to `build_disk` makes every recorded plan and run useless.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.support.git import commit, worktree
from tests.support.home import FIXTURES, Home
from tests.support.snapshots import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RECORDED_HOME = "/home/dev"
_DATE = 1_795_435_200
"""When the commits were made, in seconds: their ids depend on it."""
CHANGED = ("one", "two", "three")
"""The files that turns have changed in a repository."""
OTHER_PROJECT = "0" * 40
"""A project whose repository is gone."""


def build_disk(home: Home) -> dict[str, tuple[str, str]]:
    """Make the repositories, and the snapshots of some; return the trees of those, before and after a turn.

    No session is in `shop` yet. `cart` has a linked worktree, `notes` a copy; `market` was renamed to `store`. The
    snapshots of `docs` are those of another project, where opencode doesn't look.
    """
    home.repository("shop", "sub", date=_DATE)
    trees = {}
    for name, project in {"cart": None, "market": None, "docs": OTHER_PROJECT}.items():
        repository = home.repository(name, "sub", date=_DATE)
        _write(repository, "before\n")
        before = snapshot(home, repository, project)
        _write(repository, "after\n")
        trees[name] = before, snapshot(home, repository, project)
        commit(repository, "Change all", _DATE)
    worktree(home.src / "cart", "cart-next", "--detach")
    (home.src / "market").rename(home.src / "store")
    shutil.copytree(home.repository("notes", date=_DATE), home.src / "notes-copy")
    return trees


def _write(directory: Path, content: str) -> None:
    for file in CHANGED:
        (directory / file).write_text(content)


class Recorded:
    """A home in which recorded databases, journals and plans are restored, one after the other."""

    def __init__(self, home: Home) -> None:
        """`home` is as `build_disk` has just made it."""
        self.home = home
        self._snapshots = home.database.parent / "snapshot"
        self._pristine = home.path / "pristine"
        shutil.copytree(self._snapshots, self._pristine)

    def restore(self, *dumps: Path, runs: Iterable[Path] = ()) -> None:
        """Make the database from a dump and what changes it, and the journals of these runs; remove all others."""
        shutil.rmtree(self.home.path / ".local")
        shutil.copytree(self._pristine, self._snapshots)
        self._build(self.home.database, *dumps)
        journals = self.home.state / "runs"
        journals.mkdir(parents=True)
        for run in runs:
            self._build(journals / f"{run.stem}.db", run)

    def plan(self, recorded: Path) -> Path:
        """Put a plan into the home and sign it again, for its paths have changed; its own signature is checked."""
        text = recorded.read_text()
        assert signed(text) == text
        plan = self.home.path / "plan.json"
        plan.write_text(signed(moved(text, RECORDED_HOME, str(self.home.path))))
        return plan

    def _build(self, database: Path, *dumps: Path) -> None:
        with closing(sqlite3.connect(database)) as connection:
            for dump in dumps:
                connection.executescript(moved(dump.read_text(), RECORDED_HOME, str(self.home.path)))
            connection.execute("PRAGMA journal_mode = WAL")


def moved(text: str, old: str, new: str) -> str:
    """Replace one home by another, in paths with and without their first slash and in the names of snapshots.

    opencode names the snapshots of a worktree by the SHA-1 of its path.
    """
    for path in set(re.findall(rf"{re.escape(old)}[\w/.-]*", text)):
        text = text.replace(_sha1(path), _sha1(new + path.removeprefix(old)))
    return text.replace(old.lstrip("/"), new.lstrip("/"))


def _sha1(path: str) -> str:
    return hashlib.sha1(path.encode()).hexdigest()


def signed(plan: str) -> str:
    """Put the right digest into a plan@1: the SHA-256 of all else, as JSON with sorted keys and without spaces."""
    document: dict[str, Any] = json.loads(plan)
    stated = document.pop("digest")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return plan.replace(stated, f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")


def kinds() -> list[Path]:
    """Return the directory of each kind of plan that was recorded; its directories hold the runs."""
    return sorted(path for path in FIXTURES.glob("written-by-*/*") if path.is_dir())


def dump_before(kind: Path) -> Path:
    """Return the dump of the database that a plan was made for, of the dialect that its kind begins with."""
    return kind.parent / f"before-{kind.name.partition('-')[0]}.sql"
