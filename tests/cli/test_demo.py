"""`demo`: the first thing somebody runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import read_page
from tests.support.refusal import sentence
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from tests.support.home import Home


def test_it_shows_plan_result_and_undo(home: Home) -> None:
    before = home.everything()
    temporary = home.path / "temporary"
    temporary.mkdir()
    home.environ["TMPDIR"] = str(temporary)
    demo = home.run("demo")
    assert demo.code == 0, demo.stderr
    parts = [
        "$ opencode-migrator list",
        "Summarise the README",
        "--dry-run",
        "17 sessions (3 of subagents)",
        "from ~/src/shop-search",
        "to ~/src/shop",
        "To apply:",
        "--yes",
        "Moved 17 sessions",
        "Verified: opencode lists 17 of 17",
        "$ opencode-migrator undo",
        "Moved 17 sessions back",
        "$ opencode-migrator log",
        "undo",
        "undone",
        "--html",
        "The report: file://",
    ]
    position = 0
    for part in parts:
        position = demo.stdout.find(part, position)
        assert position >= 0, f"{part!r} is missing or out of order in:\n{demo.stdout}"
    assert "error" not in demo.stdout + demo.stderr
    # the user's own database and journal are none of its business
    assert home.everything() == before
    assert not home.state.exists()
    # and nothing is left behind but the report
    (left,) = [path for path in temporary.rglob("*") if path.is_file()]
    assert left.as_uri() in demo.stdout.split()
    assert read_page(left).words("h1") == ["Plan: 17 sessions (3 of subagents) to move"]


def test_its_commands_can_be_typed(home: Home) -> None:
    """What `demo --keep` shows works in the home that it keeps."""
    demo = home.run("demo", "--keep=~/kept here", cwd=home.src)
    assert demo.code == 0
    kept = home.path / "kept here"
    assert read_page(kept / "report.html").words("h1") == ["Plan: 17 sessions (3 of subagents) to move"]
    command = demo.stdout.rstrip().splitlines()[-1].removeprefix("Kept: ")
    assert len(run_in_shell(home, command).stdout.splitlines()) == 16
    home.environ["HOME"] = str(kept)
    assert len(home.run("list", "--all", "--json").json) == 15
    moved = home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "~/src/shop", "--yes", cwd=kept / "src")
    assert moved.code == 0, moved.stderr


@pytest.mark.long
def test_a_place_with_an_apostrophe(home: Home) -> None:
    demo = home.run("demo", "--keep", "dev's")
    assert demo.code == 0, demo.stderr
    home.environ["HOME"] = str(home.path / "dev's")
    listed = home.run("list", "--all", "--json").json
    assert any(row["directory"].startswith(f"{home.path}/dev's/src/shop") for row in listed)


def test_it_never_builds_into_what_is_there(home: Home) -> None:
    before = home.everything()
    assert "not empty" in sentence(home.run("demo", "--keep", "."), 1)
    assert home.everything() == before


def test_a_place_that_cannot_be_made(home: Home) -> None:
    (home.path / "file").touch()
    assert "file/below" in sentence(home.run("demo", "--keep", "file/below"), 1)
    assert "/dev/null" in sentence(home.run("demo", "--keep", "/dev/null"), 1)


def test_without_git(home: Home) -> None:
    empty = home.path / "bin"
    empty.mkdir()
    home.environ["PATH"] = str(empty)
    said = sentence(home.run("demo"), 1)
    assert "git" in said
    assert os.linesep not in said
