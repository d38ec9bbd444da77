"""A project row that a run added is there as long as a session needs it, in whatever order runs are taken back."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from tests.support.rows import rows

if TYPE_CHECKING:
    from tests.support.home import Home

ONE, TWO, THREE = "ses_dfbea73e8ffe6ct072nipe6o7c", "ses_dfbea7dbbffe6PXdBNzjBZcPpX", "ses_dfbea755effe28TdSAn7PWdk2u"


@pytest.fixture
def home(home: Home) -> Home:
    for name in ("added", "other"):
        home.repository(name)
    return home


def move(home: Home, to: str, *sessions: str) -> str:
    """Move sessions to a directory; the run."""
    chosen = [word for session in sessions for word in ("--from-id", session)]
    return did(home, "move", *chosen, "--to-dir", f"src/{to}")


def did(home: Home, *words: str) -> str:
    """Do something, which must leave no session without its project; the run."""
    done = home.run(*words, "--yes", "--json")
    assert done.code == 0, done.stderr
    assert home.query("PRAGMA foreign_key_check") == [], words
    return str(done.json["run"])


@pytest.mark.parametrize("order", [order for order in permutations("abc") if order.index("c") < order.index("b")])
def test_runs_are_taken_back_in_any_order(home: Home, order: tuple[str, ...]) -> None:
    start = rows(home)
    made = {"a": move(home, "added", ONE), "b": move(home, "added", TWO), "c": move(home, "other", TWO)}
    undos = [did(home, "undo", made[run]) for run in order]
    assert rows(home) == start
    for undo in reversed(undos):
        did(home, "undo", undo)
    for run in "cba":
        did(home, "undo", made[run])
    assert rows(home) == start


def test_what_was_left_out_goes_back_to_its_project(home: Home) -> None:
    start = rows(home)
    first = move(home, "added", ONE, TWO)
    second = move(home, "other", TWO)
    did(home, "undo", first, "--on-conflict", "skip")
    did(home, "undo", second)
    did(home, "undo", first)
    assert rows(home) == start


def test_a_row_stays_while_the_run_that_added_it_isnt_taken_back(home: Home) -> None:
    first = move(home, "added", ONE)
    move(home, "other", ONE)
    before = rows(home)
    did(home, "undo", move(home, "added", THREE))
    assert rows(home) == before
    did(home, "undo")
    did(home, "undo", first)


def test_a_row_that_came_and_went_is_gone_in_the_end(home: Home) -> None:
    start = rows(home)
    first = move(home, "added", ONE, TWO)
    second = move(home, "other", TWO)
    did(home, "undo", first, "--on-conflict", "skip")
    third = move(home, "added", THREE)
    for run in (third, second, first):
        did(home, "undo", run)
    assert rows(home) == start


def test_a_project_that_was_deleted_since_is_named(home: Home) -> None:
    """An undo gives back the values that were there, and says that the project isn't."""
    ((project,),) = home.query("SELECT project_id FROM session WHERE id = ?", [ONE])
    first = move(home, "added", ONE, TWO)
    home.execute("DELETE FROM project WHERE id = ?", [project])
    said = f"Project {project} was deleted since, and 1 session returns to it all the same"
    assert said in " ".join(home.run("undo", first, "--dry-run").stdout.split())
    warned = [warning["code"] for warning in home.run("undo", first, "--yes", "--json").json["warnings"]]
    assert "project-gone" in warned
    assert "unknown-project" in home.run("orphans").stdout
