"""`--quiet`: errors and what was asked for, and nothing else."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, Home, build_home
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = build_home(tmp_path / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home


@pytest.mark.parametrize("words", [["-q", *MOVE], [*MOVE, "--quiet"]])
def test_a_move_and_its_undo_print_nothing(home: Home, words: list[str]) -> None:
    for command in (words, ["-q", "undo", "--yes"], ["redo", "-q", "--yes"]):
        done = home.run(*command)
        assert (done.code, done.stdout, done.stderr) == (0, "", "")
    assert home.query("SELECT count(*) FROM session WHERE directory LIKE ?", [f"{home.src}/shop%"]) > [(10,)]


def test_rows_and_documents_are_what_was_asked_for(home: Home) -> None:
    for words in (
        ["list", "--all", "--limit", "3"],
        ["projects"],
        ["log"],
        ["doctor", "--json"],
        ["orphans", "--json"],
    ):
        loud, quiet = home.run(*words), home.run(*words, "--quiet")
        assert (quiet.code, quiet.stdout, quiet.stderr) == (loud.code, loud.stdout, "")
    assert "next:" in home.run("list", "--all", "--limit", "3").stderr


def test_orphans_are_listed_without_a_summary_and_what_to_do(home: Home) -> None:
    shown = home.run("orphans", "-q").stdout
    assert shown
    assert shown in home.run("orphans").stdout
    assert "To bring" not in shown


def test_a_plan_is_shown_where_that_is_all(home: Home) -> None:
    shown = home.run(*MOVE[:-1], "--dry-run", "-q")
    assert shown.stdout.startswith("Plan: 17 sessions")
    assert "To apply" not in shown.stdout
    assert shown.stderr == ""
    saved = home.run("plan", *MOVE[1:-1], "-o", "plan.json", "-q")
    assert (saved.code, saved.stdout, saved.stderr) == (0, "", "")
    assert home.run("show", "plan.json", "-q").stdout == shown.stdout


def test_errors_are_printed(home: Home) -> None:
    nobody = home.run(*MOVE[:-1], "-q")
    assert (nobody.code, nobody.stdout) == (1, "")
    assert nobody.stderr.startswith("error: Nothing was written, since nobody can be asked here.")
    assert home.run("list", "-q", "--from-dir", "/nowhere").stderr.startswith("error: ")


def test_doctor_says_what_is_wrong_and_not_what_is_right(home: Home) -> None:
    assert home.run("doctor", "-q").stdout == ""
    home.execute("UPDATE session SET title = x'ff' WHERE id = (SELECT min(id) FROM session)")
    loud = home.run("doctor").stdout.splitlines()
    assert home.run("doctor", "-q").stdout.splitlines() == [line for line in loud if line.startswith("!!")]


def test_the_question_is_asked_and_answers(home: Home) -> None:
    with Terminal(home, *MOVE[:-1], "-q") as terminal:
        terminal.wait_for("[y/N/v/s/?]")
        assert terminal.text.startswith("Plan: 17 sessions ")
        assert "Move 17 sessions from " in terminal.text
        terminal.type("?\n")
        terminal.wait_for("carry it out")
        terminal.type("v\n")
        terminal.wait_for("Plan: 17 sessions")
        terminal.wait_for("[y/N/v/s/?]", after=terminal.text.index("Plan: 17"))
        terminal.type("y\n")
        assert terminal.finish() == 0
        assert "Moved" not in terminal.text
        assert "Take it back" not in terminal.text


def test_what_belongs_to_a_question_is_shown(home: Home) -> None:
    neighbour = sqlite3.connect(home.database)
    try:
        neighbour.execute("SELECT count(*) FROM session").fetchall()
        with Terminal(home, "-q", *MOVE[:-1]) as terminal:
            terminal.wait_for("?]")
            assert "has the database open: close it" in " ".join(terminal.text.split())
            assert "Plan: 17 sessions" in terminal.text
            terminal.type("n\n")
            assert terminal.finish() == 1
    finally:
        neighbour.close()
