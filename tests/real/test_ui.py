"""`ui` in a real terminal: what it moves, the real opencode lists, and what it takes back too."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.lab import ROOTS_IN_A
from tests.support.required import or_skipped
from tests.support.tmux import tmux

if TYPE_CHECKING:
    from tests.support.opencode.lab import Lab

pytestmark = pytest.mark.long


def test_what_is_moved_is_listed_where_it_went_and_where_it_was_once_it_is_taken_back(lab: Lab) -> None:
    roots = {lab.sessions[name] for name in ROOTS_IN_A}
    before = lab.opencode.listed(lab.a)
    assert roots & {*before}
    command = [str(Path(sys.executable).with_name("opencode-migrator")), "ui"]
    environ = {**lab.opencode.environment(lab.a), "TERM": "xterm-256color"}
    with (
        TemporaryDirectory() as scratch,
        or_skipped("tmux"),
        tmux(command, lab.a, environ, Path(scratch, "tmux")) as terminal,
    ):
        terminal.wait_for("Sessions ")
        terminal.keys("*")
        terminal.wait_for("directories like")
        terminal.type(str(lab.a))
        terminal.keys("Enter")
        terminal.wait_for(" marked")
        terminal.keys("m")
        terminal.wait_for("Where to")
        terminal.type(str(lab.c))
        terminal.keys("Enter")
        terminal.wait_for("Nothing was written yet.")
        assert lab.opencode.listed(lab.c) == []
        terminal.insist("y", "Verified: opencode lists")
        assert roots & {*before} <= {*lab.opencode.listed(lab.c)}
        assert not roots & {*lab.opencode.listed(lab.a)}
        terminal.keys("u")
        terminal.wait_for("Nothing was written yet.")
        terminal.insist("y", "Verified: opencode lists")
        assert "back" in terminal.screen
        terminal.keys("Escape")
        terminal.wait_for("Projects")
        terminal.keys("q")
    assert lab.opencode.listed(lab.a) == before
    assert lab.opencode.listed(lab.c) == []
