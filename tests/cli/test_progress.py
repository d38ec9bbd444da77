"""What takes long on a terminal says what it does and how far it is, and Ctrl-C stops it at once."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.output import kinds
from migrator.output.output_file import OutputFile
from migrator.progress import Stage, counted, doing, told_to
from migrator.store.writer import Writer
from tests.support.git import keep_id, repository
from tests.support.home import MOVE, Home
from tests.support.other_process import held_open
from tests.support.rows import rows
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History

AT_ONCE_SECONDS = 30
"""On a busy machine; what is stopped would go on for a minute."""


class Heard:
    """A listener that keeps all stages."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.open: list[Stage] = []

    def begin(self, stage: Stage) -> None:
        self.stages.append(stage)
        self.open.append(stage)

    def end(self, stage: Stage) -> None:
        self.open.remove(stage)


def slow_git(home: Home) -> Path:
    """Put a git in front of git that waits a minute for a file that nobody has made yet; return that file."""
    wrapper, go_on = home.path / "bin" / "git", home.path / "go on"
    wrapper.parent.mkdir()
    wait = f"for each in $(seq 600); do [ -e '{go_on}' ] && break; sleep 0.1; done"
    wrapper.write_text(f'#!/bin/sh\n{wait}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    home.environ["PATH"] = f"{wrapper.parent}:{os.environ['PATH']}"
    return go_on


def screen(raw: str) -> str:
    """What is left on the screen: a carriage return goes back to the start of the line, to write over it."""
    left = []
    for line in raw.replace("\r\n", "\n").split("\n"):
        cells: list[str] = []
        for piece in line.split("\r"):
            cells[: len(piece)] = piece
        left.append("".join(cells).rstrip())
    return "\n".join(left)


def test_slow_git_is_shown_and_nothing_of_it_stays(history: History) -> None:
    for name in ("one", "two", "three"):
        top = repository(history.src / name)
        keep_id(top / ".git", name)
        history.session(top)
    go_on = slow_git(history.home)
    with Terminal(history.home, "orphans", color=False) as terminal:
        terminal.wait_for("Looking at repositories:   0%|")
        terminal.wait_for("0/3 repositories [")
        go_on.touch()
        assert terminal.finish() == 0
    assert screen(terminal.text).splitlines()[0].startswith("No lost session")
    del history.home.environ["PATH"]
    assert history.home.run("orphans").stderr.startswith("No lost session")


def test_ctrl_c_stops_a_git_that_hangs(history: History) -> None:
    history.session(repository(history.src / "one"))
    slow_git(history.home)
    with Terminal(history.home, "orphans") as terminal:
        terminal.wait_for("Looking at repositories")
        began = time.monotonic()
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert "Interrupted; nothing was written." in terminal.text


def test_waiting_says_for_whom_and_how_long_and_can_be_stopped(home: Home) -> None:
    repository(home.src / "shop")
    before = rows(home)
    with held_open(home.database) as pid, Terminal(home, *MOVE, "--wait", "60") as terminal:
        terminal.wait_for(f"(pid {pid}):")
        terminal.wait_for("/60 s ")
        began = time.monotonic()
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert rows(home) == before


def test_a_locked_database_is_waited_for_where_that_can_be_seen(home: Home) -> None:
    with held_open(home.database, "locked") as pid, Terminal(home, *MOVE, "--wait", "60") as terminal:
        terminal.wait_for(f"(pid {pid}):")
        began = time.monotonic()
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert time.monotonic() - began < AT_ONCE_SECONDS


def test_a_backup_counts_the_bytes_of_the_database(home: Home, tmp_path: Path) -> None:
    heard = Heard()
    with told_to(heard), Writer(home.database) as writer:
        writer.back_up(OutputFile(str(tmp_path / "copy.db"), kinds.BACKUP), lambda: None)
    (backup,) = heard.stages
    assert (backup.what, backup.unit) == ("Backing up", "B")
    assert backup.done == backup.total == (tmp_path / "copy.db").stat().st_size
    assert not heard.open


def test_a_stage_ends_however_its_work_ends() -> None:
    heard = Heard()
    with told_to(heard):
        for _ in counted(["a", "b"], "Looking", "letters"):
            break
        with pytest.raises(KeyboardInterrupt), doing("Working"):
            raise KeyboardInterrupt
    assert [stage.what for stage in heard.stages] == ["Looking", "Working"]
    assert not heard.open
    with doing("Not heard"):
        assert len(heard.stages) == 2


def test_quick_leaves_out_what_reads_the_whole_file_and_says_so(home: Home) -> None:
    told = home.run("doctor", "--quick", "--json").json
    assert (told["integrity"], told["foreignKeys"]) == (None, None)
    assert told["cantTell"] == {"integrity": "--quick leaves it out", "foreignKeys": "--quick leaves it out"}
    assert "integrity_check is unknown: --quick leaves it out" in home.run("doctor", "--quick").stdout
    assert home.run("doctor", "--json").json["integrity"] == []


@pytest.mark.long
def test_the_check_of_a_large_file_is_shown_and_stopped(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("CREATE TABLE large (a INTEGER PRIMARY KEY, b TEXT)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
            "INSERT INTO large SELECT i, hex(randomblob(20)) FROM n"
        )
        connection.execute("CREATE INDEX by_b ON large (b)")
    with Terminal(home, "doctor") as terminal:
        terminal.wait_for("Running integrity_check on ")
        terminal.wait_for("(--quick leaves it out)")
        began = time.monotonic()
        terminal.interrupt(signal.SIGINT)
        assert terminal.finish() == 130
    assert time.monotonic() - began < AT_ONCE_SECONDS
