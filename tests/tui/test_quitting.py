"""Whoever quits the UI while it writes, in whatever way, leaves everything moved or nothing."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.crowded_home import crowded_home
from tests.support.ended import wait_until_ended
from tests.support.faults import Gate
from tests.support.home import build_home
from tests.support.required import or_skipped
from tests.support.rows import directories
from tests.support.terminal import Terminal
from tests.support.tmux import tmux

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.long

SESSIONS = 8_000
WAYS: dict[str, Callable[[Terminal], object]] = {
    "Ctrl-C": lambda seen: seen.type("\x03"),
    "Ctrl-C twice": lambda seen: seen.type("\x03\x03"),
    "SIGTERM": lambda seen: seen.send(signal.SIGTERM),
    "SIGTERM twice": lambda seen: seen.send(signal.SIGTERM, signal.SIGTERM),
    "SIGHUP": lambda seen: seen.send(signal.SIGHUP),
    "the terminal is closed": lambda seen: seen.hang_up(),
    "SIGKILL": lambda seen: seen.send(signal.SIGKILL),
}


@pytest.mark.parametrize(("way", "after"), [*((way, 0.0) for way in WAYS), ("SIGKILL", 0.4), ("SIGTERM", 0.4)])
def test_all_or_nothing_is_moved(tmp_path: Path, way: str, after: float) -> None:
    home = crowded_home(tmp_path / "home", SESSIONS)
    shop = home.repository("shop")
    before = directories(home)
    with Terminal(home, "ui", "--from-dir", "~/src/repoA") as seen:
        _move_all(seen)
        time.sleep(after)
        WAYS[way](seen)
        seen.wait_for_end()
    assert home.query("PRAGMA integrity_check") == [("ok",)]
    moved = sum(directory == str(shop) for directory in directories(home).values())
    runs = home.run("log", "--json").json
    if any(run["status"] == "running" for run in runs):
        assert way == "SIGKILL"
        done = home.run("resume", "--yes")
        assert done.code == 0, done.stderr
        moved = sum(directory == str(shop) for directory in directories(home).values())
        runs = home.run("log", "--json").json
    assert [run["status"] for run in runs] in ([], ["rolled-back"], ["applied"])
    assert moved == (SESSIONS + 3 if [run["status"] for run in runs] == ["applied"] else 0)
    if not moved:
        assert directories(home) == before


def test_q_stops_a_run_and_says_so_and_then_quits(tmp_path: Path) -> None:
    home = crowded_home(tmp_path / "home", SESSIONS)
    home.repository("shop")
    before, gate = home.everything(), Gate(tmp_path)
    with Terminal(home, "ui", "--from-dir", "~/src/repoA", first=gate.at(3, "before COMMIT").lay) as seen:
        _move_all(seen)
        seen.type("q")
        seen.wait_for("Stopping")
        gate.open()
        seen.wait_for("rolled back")
        seen.type("qq")
        assert seen.finish() == 0
    assert home.everything() == before


def test_it_ends_with_its_terminal_also_while_it_writes_to_it(tmp_path: Path) -> None:
    """Six times, since that hung two times of six, and could be ended by SIGKILL only."""
    home = build_home(tmp_path / "home", "real-1.18.34")
    environ = {**os.environ, "HOME": str(home.path)}
    for number in range(6):
        with (
            or_skipped("tmux"),
            tmux(
                [str(Path(sys.executable).with_name("opencode-migrator")), "ui"],
                home.path,
                environ,
                tmp_path / f"socket{number}",
            ) as terminal,
        ):
            terminal.wait_for("mark")
            pid = int(terminal.run("list-panes", "-F", "#{pane_pid}"))
            for _ in range(4):
                terminal.type("jjjjjjjjjjkkkkkkkkkk")
            time.sleep(0.05 * number)
        wait_until_ended(pid)


def _move_all(seen: Terminal) -> None:
    """Mark what is selected, see the plan for as long as it takes, and say yes."""
    seen.wait_for("A root session")
    seen.type("a")
    seen.wait_for(" marked")
    seen.type("m~/src/shop\r")
    seen.wait_for("to apply")
    seen.insist("y", "Esc stops it")
