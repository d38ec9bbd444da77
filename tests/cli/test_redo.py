"""`redo`: takes the last undo back, with the words that fit which way a run goes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE
from tests.support.refusal import refused, sentence
from tests.support.rows import directories
from tests.support.shell import printed_command, run_in_shell
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.home import Home

NOTES = ("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes")


@pytest.fixture
def moved(home: Home) -> str:
    """17 sessions were moved to src/shop; the id of that run."""
    home.repository("shop", "sub/deep")
    return str(home.run(*MOVE, "--json").json["run"])


def test_each_way_is_told_the_right_way_round(home: Home, moved: str) -> None:
    there = directories(home)
    undone = home.run("undo", "--yes").stdout.splitlines()
    assert undone == [
        "Plan: 17 sessions (3 of subagents) to move back.",
        "Moved 17 sessions back.",
        "Verified: opencode lists 17 of 17 back where they were, none at the destination.",
        "To redo it:",
        "  opencode-migrator redo",
    ]
    redone = home.run("redo", "--yes").stdout.splitlines()
    run, undo, _ = [row["run"] for row in home.run("log", "--json").json]
    assert redone == [
        "Plan: 17 sessions (3 of subagents) to move again.",
        "Moved 17 sessions again.",
        "Verified: opencode lists 17 of 17 at their destination, none at the source.",
        "To take it back:",
        f"  opencode-migrator undo {run}",
    ]
    assert directories(home) == there
    assert "nothing to redo" in sentence(home.run("redo", "--yes"), 1)
    home.run("undo", "--yes")
    again = home.run("redo", "--yes", "--json").json
    assert (again["status"], again["sessions"], again["redoes"]) == ("applied", 17, moved)
    assert again["undoes"] not in {undo, None}


def test_a_dry_run_shows_what_would_be_taken_back(home: Home, moved: str) -> None:
    there = directories(home)
    shown = home.run("undo", "--dry-run")
    assert shown.stdout.startswith("Plan: 17 sessions (3 of subagents) to move back.")
    assert shown.stdout.endswith(f"Nothing was written. To apply:\n  opencode-migrator undo {moved} --yes\n")
    assert home.run("undo", "-n", "--json").json["summary"]["sessions"] == 17
    assert home.run("undo", "-n", "--exit-code").code == 1
    shown_later = home.run("undo", "-n", "--format", "markdown").stdout
    assert f"opencode-migrator show {moved} --json" in shown_later  # whatever the last run is by then
    assert directories(home) == there
    assert run_in_shell(home, printed_command(shown.stdout)).code == 0
    assert directories(home) != there
    assert "to move again" in home.run("redo", "--dry-run").stdout
    assert directories(home) != there


def test_there_is_nothing_to_redo(home: Home) -> None:
    assert "nothing to redo" in refused(home, "redo", "--yes")
    home.repository("shop", "sub/deep")
    home.run(*MOVE)
    assert "nothing to redo" in sentence(home.run("redo", "--yes"), 1)


def test_another_run_came_after_the_undo(home: Home, moved: str) -> None:
    """As in an editor: what was done since has taken its place. The undo can still be named."""
    undo = home.run("undo", moved, "--yes", "--json").json["run"]
    later = home.run(*NOTES, "--json").json["run"]
    said = sentence(home.run("redo", "--yes"), 1)
    assert later in said
    command = re.search(r"`opencode-migrator (undo [^`]+)`", said)
    assert command, said
    assert home.run(*command[1].split(), "--yes", "--json").json["undoes"] == undo


def test_it_is_shown_and_asked_first(home: Home, moved: str) -> None:
    home.run("undo", moved, "--yes")
    before = directories(home)
    with Terminal(home, "redo") as terminal:
        terminal.wait_for("Redo what was done to 17 sessions from 4 directories to ~/src/shop, detach file")
        assert "17 sessions (3 of subagents) to move again" in terminal.text
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert directories(home) == before
    # Where nobody can be asked.
    command = printed_command(home.run("redo", "--verbose").stderr)
    assert command == "opencode-migrator redo --yes"
    assert home.run(*command.split()[1:], "--json").json["redoes"] == moved


def test_a_run_of_another_database_is_said_to_be(home: Home, moved: str) -> None:
    copy = home.path / "copy.db"
    with closing(sqlite3.connect(home.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    home.run("undo", moved, "--yes", "--db", copy)
    assert f"Taking {copy}, not {home.database}: the run is there" in home.run("redo").stderr
    assert "Taking" not in home.run("redo", "--db", copy).stderr
    copy_only = home.run("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes", "--db", copy)
    assert copy_only.code == 0
    assert f"Taking {copy}, not {home.database}: the run is there" in home.run("undo").stderr
    assert "Taking" not in home.run("undo", moved).stderr
    with Terminal(home, "undo") as terminal:
        terminal.wait_for("?]")
        assert "Take back 1 session from ~/src/shop to ~/src/notes, in ~/copy.db? [" in " ".join(terminal.text.split())
        terminal.type("n\n")
        assert terminal.finish() == 1


def log_of(home: Home) -> list[tuple[str, str | None]]:
    """The runs, newest first, and what took each back."""
    return [(row["run"], row["undoneBy"]) for row in home.run("log", "--json").json]


@pytest.mark.parametrize("named", [True, False])
def test_what_was_brought_about_again_in_part_can_be_taken_back(home: Home, moved: str, named: bool) -> None:
    undo = home.run("undo", "--yes", "--json").json["run"]
    before = directories(home)
    elsewhere(home)
    redone = home.run("redo", "--yes", "--on-conflict", "skip")
    ((redo, _), *_) = log_of(home)
    assert redone.stdout.splitlines()[-1] == f"  opencode-migrator undo {redo}"
    assert log_of(home) == [(redo, None), (undo, None), (moved, None)]
    back = home.run("undo", *([redo] if named else []), "--yes", "--json").json
    assert (back["status"], back["sessions"]) == ("applied", 16)
    assert directories(home) == before | {next(s for s in before if s.startswith("ses_dfbea745")): "/tmp/zz"}
    assert log_of(home) == [(back["run"], None), (redo, back["run"]), (undo, None), (moved, back["run"])]


def test_a_redo_that_was_taken_back_in_part_is_not_undone_again_by_a_newer_one(home: Home, moved: str) -> None:
    elsewhere(home)
    home.run("undo", "--yes", "--on-conflict", "skip")
    first = home.run("redo", "--yes", "--json").json["run"]
    second_undo = home.run("undo", "--yes", "--on-conflict", "skip", "--json").json["run"]
    assert dict(log_of(home))[first] == second_undo
    newer = home.run("redo", "--yes", "--json").json["run"]
    there = directories(home)
    refusal = sentence(home.run("undo", first, "--yes"), 1)
    assert refusal.endswith(f"that was taken back by {newer}; `opencode-migrator undo {newer}` takes that back.")
    assert "opencode-migrator undo" not in home.run("show", first).stdout
    assert (directories(home), dict(log_of(home))[moved]) == (there, None)


def elsewhere(home: Home) -> None:
    home.execute("UPDATE session SET directory = '/tmp/zz' WHERE id GLOB 'ses_dfbea745*'")
