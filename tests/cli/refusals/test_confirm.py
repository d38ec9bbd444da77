"""Where nobody can be asked, a command that writes shows its plan and how to apply it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support.home import Home
from tests.support.refusal import files, sentence
from tests.support.shell import printed_command

if TYPE_CHECKING:
    from pathlib import Path


from tests.support.home import MOVE, SESSION


def test_without_yes_and_without_a_terminal(home: Home, saved: Path) -> None:
    before = home.everything()
    commands: tuple[tuple[str | Path, ...], ...] = (MOVE[:-1], ("migrate", SESSION, "src/shop"), ("apply", saved))
    for command in commands:
        finished = home.run(*command)
        said = sentence(finished, 1)
        assert finished.stdout.startswith("Plan: ")
        assert "Nothing was written" in said
        assert printed_command(finished.stderr).startswith(f"opencode-migrator {command[0]} ")
        assert finished.stderr.endswith(" --yes\n")
    assert home.everything() == before
    assert not list(home.state.glob("runs/*.db"))


def test_undo_without_yes_and_without_a_terminal_names_the_run(home: Home) -> None:
    run = home.run(*MOVE, "--json").json["run"]
    before = home.everything()
    finished = home.run("undo")
    assert finished.stdout.startswith("Plan: ")
    # whatever runs in between, what was shown is what is taken back
    assert sentence(finished, 1) == "Nothing was written, since nobody can be asked here."
    assert finished.stderr.endswith(f"\nTo apply:\n  opencode-migrator undo {run} --yes\n")
    assert home.everything() == before


def test_resume_without_yes_and_without_a_terminal(home: Home) -> None:
    run = cut_off(home)
    before = home.everything()
    for command in ("resume", "undo"):
        finished = home.run(command)
        assert run in sentence(finished, 1)
        assert finished.stderr.splitlines()[-1].startswith(f"  opencode-migrator {command} ")
        assert finished.stderr.endswith(" --yes\n")
        assert home.everything() == before


def test_a_run_that_was_cut_off_stands_in_the_way(home: Home) -> None:
    run = cut_off(home)
    before = files(home)
    said = sentence(home.run("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes"), 1)
    assert f"resume {run}" in said
    assert f"undo {run}" in said
    assert files(home) == before


def cut_off(home: Home) -> str:
    """Make a run look as it does after `kill -9` between its last chunk and its end; return its id."""
    run: str = home.run(*MOVE, "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")
    return run
