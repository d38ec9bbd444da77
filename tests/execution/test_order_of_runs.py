"""Runs are in the order in which they were made, whatever the clock said then: it may have been set back or forward."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from migrator.execution.journal_rows import RunEntry
from migrator.execution.run_log import in_order, latest_start
from migrator.model import RunStatus
from tests.support.clock import DAY, run
from tests.support.rows import copy_session, directories, rows, rows_without_times
from tests.support.server import serving

if TYPE_CHECKING:
    from tests.support.home import Home

FIRST = ("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop")
SECOND = ("move", "--from-dir", "~/src/shop", "--to-dir", "src/mall")
WRONG = (-20_000 * DAY, -DAY, DAY)
"""How far the clock was set, in seconds: to 1972, a day back, a day ahead."""


@pytest.fixture
def home(home: Home) -> Home:
    for name in ("shop", "mall"):
        home.repository(name, "sub/deep")
    return home


def made(home: Home, *words: str, seconds: float = 0) -> str:
    done = run(home, *words, "--yes", "--json", seconds=seconds)
    assert done.code == 0, done.stderr
    return str(done.json["run"])


def listed(home: Home) -> list[tuple[str, str | None]]:
    """The runs that `log` lists, newest first, and what took each back."""
    runs = home.run("log", "--json").json
    return [(entry["run"], entry["undoneBy"]) for entry in runs]


@pytest.mark.parametrize("seconds", WRONG)
def test_the_last_run_is_taken_back_first(home: Home, seconds: float) -> None:
    start = rows(home)
    first = made(home, *FIRST)
    between = rows(home)
    second = made(home, *SECOND, seconds=seconds)
    assert [run for run, _ in listed(home)] == [second, first]
    assert home.run("undo", "--yes", "--json").json["undoes"] == second
    assert rows(home) == between
    assert home.run("undo", "--yes", "--json").json["undoes"] == first
    assert rows(home) == start


@pytest.mark.parametrize("seconds", WRONG)
def test_a_redo_counts_after_the_undo_that_it_takes_back(home: Home, seconds: float) -> None:
    start = rows(home)
    moved = made(home, *FIRST)
    undo = made(home, "undo")
    redo = made(home, "undo", undo, seconds=seconds)
    assert listed(home) == [(redo, None), (undo, redo), (moved, None)]
    done = home.run("undo", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert (done.json["undoes"], rows(home)) == (moved, start)


def test_a_server_lists_them_in_the_same_order(home: Home) -> None:
    made(home, *FIRST)
    made(home, *SECOND, seconds=-DAY)
    with serving(home) as served:
        assert served.get("/runs") == home.run("log", "--json").json


@pytest.mark.parametrize("seconds", WRONG)
def test_runs_without_numbers_come_first_and_an_undo_after_what_it_undoes(home: Home, seconds: float) -> None:
    """Journals of the formats before 4 have no numbers."""
    start = rows_without_times(home)
    moved, undo = made(home, *FIRST), made(home, "undo", seconds=seconds)
    for journal in home.state.glob("runs/*.db"):
        with closing(sqlite3.connect(journal)) as database, database:
            database.execute("UPDATE run SET format = 2")
            database.execute("ALTER TABLE run DROP COLUMN number")
            database.execute("DROP TABLE total")
    assert listed(home) == [(undo, None), (moved, undo)]
    redo = made(home, "undo", undo, seconds=seconds)
    assert listed(home) == [(redo, None), (undo, redo), (moved, None)]
    assert home.run("undo", "--yes").code == 0
    assert rows_without_times(home) == start


def test_a_child_that_came_later_goes_back_with_its_tree_whatever_the_clock_said(home: Home) -> None:
    made(home, *FIRST)
    (parent, bound), *_ = home.query("SELECT id, directory FROM session WHERE directory = ?", [f"{home.src}/shop"])
    copy_session(home, parent, id="ses_child", parent_id=parent, time_created=1)
    assert home.run("undo", "--yes").code == 0
    (parents, child) = (directories(home)[id_] for id_ in (parent, "ses_child"))
    assert parents == child != bound


def test_a_child_that_was_there_before_stays_whatever_the_clock_said(home: Home) -> None:
    (parent, bound), *_ = home.query("SELECT id, directory FROM session WHERE directory LIKE ?", [f"{home.src}/shop-%"])
    made(home, "move", "--from-id", parent, "--to-dir", "src/shop")
    shop = home.query("SELECT project_id, directory, path FROM session WHERE id = ?", [parent])[0]
    assert home.run("undo", "--yes").code == 0
    where = dict(zip(("project_id", "directory", "path"), shop, strict=True))
    copy_session(home, parent, id="ses_child", parent_id=parent, **where)
    start = rows(home)
    made(home, "move", "--from-id", parent, "--to-dir", "src/shop", seconds=WRONG[0])
    assert home.run("undo", "--yes").code == 0
    assert directories(home)["ses_child"] == where["directory"] != bound
    assert directories(home) == {id_: row["directory"] for id_, row in start["session"].items()}


def entry(id_: str, started: int, undoes: str | None = None, number: int = 0) -> RunEntry:
    return RunEntry(id_, "", "/db", "v1", RunStatus.APPLIED, started, 1, None, undoes, False, 1, False, False, number)


@pytest.mark.parametrize(
    "runs",
    [
        [entry("a", 9), entry("b", 5, "a"), entry("c", 1, "b"), entry("d", 10)],
        [entry("a", 9), entry("b", 5, "a"), entry("c", 7, number=1), entry("d", 3, "b", number=2)],
        [entry("d", 4, number=1), entry("c", 3, number=2), entry("b", 2, number=3), entry("a", 1, "d", number=4)],
    ],
)
def test_the_order_does_not_depend_on_that_of_the_files(runs: list[RunEntry]) -> None:
    for shuffled in permutations(runs):
        assert in_order(shuffled) == runs


def test_runs_that_say_that_each_takes_back_the_other_are_in_some_order() -> None:
    """Journals are files, and files can say anything."""
    runs = [entry("a", 1, "b"), entry("b", 2, "a"), entry("c", 3, "c")]
    assert {run.id for run in in_order(runs)} == {"a", "b", "c"}


def test_no_run_is_older_than_one_before_it() -> None:
    """What `gc --older-than` goes by: a run at a clock that was set back isn't old."""
    runs = [entry("a", 100), entry("b", 5), entry("c", 200), replace(entry("d", 7), number=9)]
    assert latest_start(runs) == {"a": 100, "b": 100, "c": 200, "d": 200}
