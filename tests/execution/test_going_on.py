"""A run that is going on wasn't cut off: it holds a lock on its journal, which whoever asks doesn't take."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest

from migrator.execution.journal import Journal
from migrator.model import RunStatus
from tests.support import forked
from tests.support.faults import Gate, start
from tests.support.home import MOVE
from tests.support.refusal import sentence
from tests.support.rows import query_journals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.forked import Running
    from tests.support.home import Home


LOG_JSON = ("log", "--json")


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


@pytest.fixture
def running(home: Home, gate: Gate) -> Iterator[Running]:
    """A run that waits in the middle of its second chunk."""
    with start(home, *MOVE, "--chunk-size", "5", fault=gate.at(3, "before COMMIT")) as process:
        process.wait_until(lambda: gate.is_reached)
        yield process


def test_it_is_named_with_its_process_and_goes_on(home: Home, gate: Gate, running: Running) -> None:
    ((run,),) = query_journals(home, "SELECT id FROM run")
    (logged,) = home.run("log", "--json").json
    assert (logged["run"], logged["status"], logged["cutOff"]) == (run, "running", False)
    assert "  going on  " in home.run("log").stdout
    for words in (("resume",), ("resume", run), ("undo",), ("undo", run)):
        said = sentence(home.run(*words, "--yes"), 4)
        assert re.search(rf"Run {run} is going on, in .*\(pid \d+\)", said), said
    for words in (("doctor",), ("list",), ("orphans",)):
        said = sentence(home.run(*words), 4)
        assert re.search(rf"Run {run} is going on, in .*\(pid \d+\)", said), said
    gate.open()
    done = running.finished()
    assert done.code == 0, done.stderr
    assert home.run("log", "--json").json[0]["cutOff"] is False
    assert home.run("undo", "--yes").code == 0


def test_it_was_cut_off_as_soon_as_its_process_is_gone(home: Home, running: Running) -> None:
    running.send_signal(signal.SIGKILL)
    running.wait()
    (logged,) = home.run("log", "--json").json
    assert (logged["status"], logged["cutOff"]) == ("running", True)
    assert "  cut off  " in home.run("log").stdout
    assert home.run("resume", "--yes").code == 0


def test_a_rollback_that_goes_on_is_seen_too(home: Home, tmp_path: Path, running: Running) -> None:
    running.send_signal(signal.SIGKILL)
    running.wait()
    second = tmp_path / "second"
    second.mkdir()
    gate = Gate(second)
    with start(home, "undo", "--yes", fault=gate.at(1, "before COMMIT")) as undo:
        undo.wait_until(lambda: gate.is_reached)
        (logged,) = home.run("log", "--json").json
        assert (logged["status"], logged["cutOff"]) == ("rolling-back", False)
        assert "is going on" in sentence(home.run("resume", "--yes"), 4)
        gate.open()
        assert undo.finished().code == 0
    assert [entry["status"] for entry in home.run("log", "--json").json] == ["rolled-back"]


def test_its_journal_is_read_as_of_one_moment(home: Home, running: Running) -> None:
    """It said that the journal of a run that goes on is damaged, with a row more than were written."""
    running.send_signal(signal.SIGKILL)
    running.wait()
    (path,) = (home.state / "runs").glob("*.db")

    def write_a_chunk(sql: str) -> None:
        if sql == "SELECT count(*) FROM chunk":
            reading.connection.set_trace_callback(None)
            with Journal(path) as writing:
                writing.intend(3, 11, 15, [])

    with Journal(path) as reading:
        reading.connection.set_trace_callback(write_a_chunk)
        assert reading.entry.unfinished
        assert [number for number, *_ in reading.chunks()] == [3, 2, 1]


def test_one_that_ends_while_it_is_asked_was_not_cut_off(home: Home, running: Running, gate: Gate) -> None:
    (path,) = (home.state / "runs").glob("*.db")

    def finish(sql: str) -> None:
        if "FROM project_update" in sql:
            reading.connection.set_trace_callback(None)
            gate.open()
            assert running.finished().code == 0

    with Journal(path) as reading:
        reading.connection.set_trace_callback(finish)
        assert reading.entry.status is RunStatus.APPLIED


def without_such_locks() -> None:
    """Let it be a system without locks that belong to an opened file."""
    pytest.MonkeyPatch().delattr("fcntl.F_OFD_SETLK")


def test_where_nobody_can_tell_that_is_said_and_it_can_be_finished(home: Home, running: Running) -> None:
    running.send_signal(signal.SIGKILL)
    running.wait()
    told = [forked.run([*words], home.env(), home.path, first=without_such_locks) for words in (("log",), LOG_JSON)]
    assert "  cut off or going on  " in told[0].stdout
    assert [entry["cutOff"] for entry in told[1].json] == [None]
    done = forked.run(["resume", "--yes"], home.env(), home.path, first=without_such_locks)
    assert done.code == 0, done.stderr
