"""Sessions of another database come into this one, and are taken out again as if they had never come."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home, checkpoint
from tests.support.rows import rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def other(home: Home) -> Path:
    """A copy of the database, of another channel, with all sessions; ours has none any more."""
    checkpoint(home)
    path = home.database.with_name("opencode-dev.db")
    shutil.copy(home.database, path)
    home.empty("project")
    checkpoint(home)
    return path


def test_everything_comes_and_goes_again(home: Home, other: Path) -> None:
    before, whole = rows(home), rows(at(home, other))
    assert not before["session"]
    plan = home.run("merge", other, "--foreign", "--dry-run")
    assert plan.code == 0, plan
    assert plan.stdout.startswith("Plan: 18 sessions (3 of subagents) to bring in")
    run = home.run("merge", other, "--foreign", "--yes", "--json").json
    assert (run["status"], run["sessions"], run["verified"]) == ("applied", 18, 18)
    after = rows(home)
    assert after["message"] == whole["message"]
    assert after["session"].keys() == whole["session"].keys()
    again = home.run("merge", other, "--foreign", "--yes")
    assert "Nothing to do: 18 sessions are here already" in again.stdout
    undone = home.run("undo", "--yes", "--json")
    assert undone.code == 0, undone.stderr
    undone = undone.json
    assert (undone["status"], undone["sessions"], undone["verified"]) == ("applied", 18, 18)
    assert rows(home) == before
    redone = home.run("redo", "--yes", "--json")
    assert redone.code == 0, redone.stderr
    redone = redone.json
    assert (redone["status"], redone["sessions"], redone["verified"]) == ("applied", 18, 18)
    assert rows(home) == after


def at(home: Home, path: Path) -> Home:
    """The same home, with another database."""
    return Elsewhere(home.path, path)


class Elsewhere(Home):
    def __init__(self, path: Path, database: Path) -> None:
        super().__init__(path)
        self._database = database

    @property
    def database(self) -> Path:
        return self._database
