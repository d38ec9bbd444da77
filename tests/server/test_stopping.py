"""A run is rolled back when its server is stopped by SIGTERM or Ctrl-C, and can be resumed when it was killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event
from typing import TYPE_CHECKING

import pytest

from migrator.cli import serve
from migrator.cli.terminal import printing
from tests.support import forked
from tests.support.crowded_home import crowded_home
from tests.support.faults import Gate
from tests.support.forked import ENDING, PATIENCE_SECONDS
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home


@pytest.fixture
def crowd(tmp_path: Path) -> Home:
    home = crowded_home(tmp_path / "home", 100)
    home.repository("all")
    return home


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Where the run waits until it is stopped."""
    return Gate(tmp_path)


@contextmanager
def held(home: Home, gate: Gate) -> Iterator[Served]:
    """Serve; a run waits at the gate, in its third chunk."""
    with serving(home, first=gate.at(4, "before COMMIT").lay) as served:
        yield served


def rows(home: Home) -> dict[str, object]:
    found = home.everything()
    return {table: found[table] for table in ("session", "part", "project")}


@contextmanager
def mid_run(served: Served, gate: Gate) -> Iterator[Iterator[str]]:
    """Apply a plan, a hundred chunks long, and be where the run waits at its gate; yield what comes of it."""
    plan = served.post("/plan", {"fromDir": ["~/src/repoA"], "toDir": str(served.home.src / "all")})
    body = {"plan": plan["digest"], "chunkSize": 1}
    with served.ask.stream("POST", "/apply", json=body, headers={"Accept": "text/event-stream"}) as running:
        served.process.wait_until(lambda: gate.is_reached)
        yield running.iter_lines()


@pytest.mark.parametrize("number", ENDING)
def test_a_run_is_rolled_back_when_the_server_is_stopped(crowd: Home, gate: Gate, number: signal.Signals) -> None:
    before = rows(crowd)
    with held(crowd, gate) as served:
        with mid_run(served, gate) as lines:
            served.process.send_signal(number)
            served.wait_until_it_stops()
            gate.open()
            ended = list(lines)
        assert ended[-3] == "event: problem"
        problem = json.loads(ended[-2].removeprefix("data: "))
        assert (problem["code"], problem["exit"], problem["status"]) == ("interrupted", 130, 503)
        assert problem["detail"] == "Interrupted; everything was rolled back."
        code, said = served.stop(number)
    assert code == 130
    assert said == "error: Interrupted; the run that was being carried out was rolled back.\n"
    assert rows(crowd) == before
    assert [row["status"] for row in crowd.run("log", "--json").json] == ["rolled-back"]


def end_once_told() -> None:
    """Let SIGTERM come as soon as it is said where the server is."""
    say = printing.say

    def told(*lines: str, err: bool = False) -> None:
        say(*lines, err=err)
        if lines[0].startswith("Token: "):
            signal.raise_signal(signal.SIGTERM)

    setattr(serve, "say", told)  # noqa: B010 - as in faults.py, for mypy


def test_a_server_that_is_stopped_as_soon_as_it_has_said_where_it_is_stops_quietly(home: Home) -> None:
    done = forked.run(["serve", "--port", "0"], home.env(), home.path, first=end_once_told)
    assert (done.code, done.stdout.count("\n"), done.stderr) == (0, 2, "")


def test_impatience_changes_nothing(crowd: Home, gate: Gate) -> None:
    """Signals that come again don't cut the rollback off."""
    before = rows(crowd)
    with held(crowd, gate) as served:
        with mid_run(served, gate) as lines:
            for _ in range(5):
                served.process.send_signal(signal.SIGTERM)
                served.process.send_signal(signal.SIGINT)
            served.wait_until_it_stops()
            gate.open()
            list(lines)
        assert served.process.wait() == 130
    assert rows(crowd) == before


def test_a_server_that_is_killed_leaves_a_run_that_the_next_one_takes_back(crowd: Home, gate: Gate) -> None:
    before = rows(crowd)
    with held(crowd, gate) as served, mid_run(served, gate):
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
    assert rows(crowd) != before
    with serving(crowd) as served:
        (run,) = served.get("/runs")
        assert run["status"] == "running"
        sessions = served.get("/session/history", limit=1)
        said = served.refused(
            "POST",
            f"/session/{sessions[0]['id']}/migrate",
            422,
            "refused",
            json={"directory": str(crowd.src / "all")},
        )
        assert said.startswith(f"Run {run['run']} on this database was cut off; first `opencode-migrator resume")
        assert served.post(f"/runs/{run['run']}/undo")["status"] == "rolled-back"
    assert rows(crowd) == before


def test_a_run_that_waits_is_given_up(crowd: Home) -> None:
    before = rows(crowd)
    with serving(crowd) as served, closing(sqlite3.connect(crowd.database)) as neighbour:
        neighbour.execute("SELECT count(*) FROM session").fetchone()
        plan = served.post("/plan", {"fromDir": ["~/src/repoA"], "toDir": str(crowd.src / "all")})
        body = {"plan": plan["digest"], "wait": 600}
        with served.ask.stream("POST", "/apply", json=body, headers={"Accept": "text/event-stream"}) as running:
            lines = running.iter_lines()
            next(lines)
            served.process.send_signal(signal.SIGTERM)
            assert "Interrupted; nothing was written." in "".join(lines)
        assert served.process.wait() == 130
    assert rows(crowd) == before
    assert crowd.run("log", "--json").json == []


@pytest.mark.long  # clients have some seconds to read their answers
def test_a_request_that_takes_for_ever_does_not_keep_the_server_from_stopping(tmp_path: Path, home: Home) -> None:
    """A plan waits for a git that never answers, and a run for the plan."""
    shop, asked, git = home.repository("shop"), tmp_path / "asked", tmp_path / "bin" / "git"
    body = {"fromDir": ["~/src/shop-*"], "toDir": str(shop)}
    with serving(home) as served:
        plan = served.post("/plan", body)
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\necho $$ > {asked}\nexec sleep 100\n")
    git.chmod(0o755)
    home.environ["PATH"] = f"{git.parent}:{os.environ['PATH']}"
    before = rows(home)
    with serving(home) as served, ThreadPoolExecutor() as clients:
        planned = clients.submit(served.ask.post, "/plan", json=body)
        served.process.wait_until(lambda: asked.exists() and bool(asked.read_text()))
        sent = Event()
        asking = {"trace": lambda step, _: sent.set() if step.endswith("receive_response_headers.started") else None}
        applied = clients.submit(served.ask.post, "/apply", json={"plan": plan}, extensions=asking)
        assert sent.wait(PATIENCE_SECONDS)
        served.get("/healthz")  # whoever asked before is heard by now, too
        began = time.monotonic()
        code, _ = served.stop()
        assert time.monotonic() - began < 20
        os.kill(int(asked.read_text()), signal.SIGKILL)
        assert code in {0, 130}
        answers = [request.result() for request in (planned, applied)]
        assert [answer.json()["code"] for answer in answers] == ["interrupted", "interrupted"]
    assert rows(home) == before
