"""`redo`: takes the last undo back, with the words that fit which way a run goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE
from tests.support.refusal import refused, sentence
from tests.support.rows import directories
from tests.support.shell import printed_command
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
        "Plan: 17 sessions in 14 trees to move back.",
        "Moved 17 sessions back in 1 chunk.",
        "Verified: opencode lists 17 of 17 back where they were, none at the destination.",
        "Redo it with: opencode-migrator redo",
    ]
    redone = home.run("redo", "--yes").stdout.splitlines()
    run, undo, _ = [row["run"] for row in home.run("log", "--json").json]
    assert redone == [
        "Plan: 17 sessions in 14 trees to move again.",
        "Moved 17 sessions again in 1 chunk.",
        "Verified: opencode lists 17 of 17 at their destination, none at the source.",
        f"Take it back with: opencode-migrator undo {run}",
    ]
    assert directories(home) == there
    assert "nothing to redo" in sentence(home.run("redo", "--yes"), 1)
    home.run("undo", "--yes")
    again = home.run("redo", "--yes", "--json").json
    assert (again["status"], again["sessions"], again["redoes"]) == ("applied", 17, moved)
    assert again["undoes"] not in {undo, None}


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
        terminal.wait_for("Redo what was done to 17 sessions from 4 directories to ~/src/shop?")
        assert "17 sessions in 14 trees to move again" in terminal.text
        terminal.type("n\n")
        assert terminal.finish() == 1
    assert directories(home) == before
    # Where nobody can be asked: the command that redoes what was shown, whatever happens in between.
    said = sentence(home.run("redo"), 1)
    home.run(*NOTES)
    command = printed_command(said).split()[1:]
    assert home.run(*command, "--json").json["redoes"] == moved
