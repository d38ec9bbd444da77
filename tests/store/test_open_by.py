"""Nobody else has the database open while we write, and whoever has it open is named.

opencode reads a session's row and writes it back whole later. What it read before a move, it would write after it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.errors import DatabaseInUse
from migrator.store import writer
from migrator.store.writer import Writer
from tests.support.faults import Fault, run
from tests.support.rows import query_journals, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.forked import Finished
    from tests.support.home import Home
    from tests.support.unprivileged import UnprivilegedHome

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("open", flush=True)
sys.stdin.read()
"""
ON_LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="without /proc nobody tells who has a file open")
IDLE = ("SELECT count(*) FROM session",)
READING = ("BEGIN", "SELECT count(*) FROM session")
WRITING = ("BEGIN IMMEDIATE", "UPDATE session SET title = 'unsaved'")


@contextmanager
def somebody(home: Home, *statements: str) -> Iterator[int]:
    """Another process that has the database open, after these statements; its pid."""
    command = [sys.executable, "-c", HOLD, str(home.database), *statements]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process.pid
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def move(home: Home) -> tuple[str | Path, ...]:
    return ("move", "--from-dir", "~/src/shop-search", "--to-dir", home.repository("shop"), "--yes")


@ON_LINUX
@pytest.mark.parametrize("statements", [(), IDLE, READING, WRITING], ids=["opened", "idle", "reading", "writing"])
def test_whoever_has_it_open_is_named_and_nothing_is_written(
    home: Home, move: tuple[str, ...], statements: tuple[str, ...]
) -> None:
    before = rows(home)
    with somebody(home, *statements) as pid:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        done = home.run(*move)
        assert done.code == 4
        assert f"{name} (pid {pid})" in done.stderr
        assert run(home, "undo", "--yes").code == 1
        assert rows(home) == before
    assert run(home, "log", "--json").json == []


@ON_LINUX
def test_undo_and_resume_are_guarded_alike(home: Home, move: tuple[str, ...]) -> None:
    assert run(home, *move).code == 0
    with somebody(home, *IDLE) as pid:
        done = run(home, "undo", "--yes")
        assert done.code == 4
        assert str(pid) in done.stderr
    assert run(home, "undo", "--yes", fault=Fault("kill", 1, "after intend")).code < 0
    with somebody(home, *IDLE):
        assert run(home, "resume", "--yes").code == run(home, "undo", "--yes").code == 4
    assert run(home, "resume", "--yes").code == 0


@ON_LINUX
def test_reading_goes_on_beside_whoever_has_it_open(home: Home, move: tuple[str, ...]) -> None:
    with somebody(home, *WRITING) as pid:
        listed = run(home, "list", "--all", "--json")
        assert listed.code == 0
        assert len(listed.json) == 15
        assert run(home, *move, "--dry-run").code == 0
        assert run(home, "plan", *move[1:-1], "-o", home.path / "plan.json").code == 0
        assert f"(pid {pid})" in run(home, "doctor").stdout


def test_wait_goes_ahead_once_the_database_is_free(home: Home, move: tuple[str, ...]) -> None:
    with somebody(home, *IDLE) as pid:
        threading.Timer(0.5, os.kill, (pid, 9)).start()
        done = home.run(*move, "--wait", "30")
    assert done.code == 0, done.stderr


@ON_LINUX
def test_wait_gives_up_in_the_end(home: Home, move: tuple[str, ...]) -> None:
    with somebody(home, *IDLE) as pid:
        started = time.monotonic()
        done = home.run(*move, "--wait", "1")
        assert done.code == 4
        assert str(pid) in done.stderr
        assert time.monotonic() - started >= 1


def test_waiting_can_be_given_up(home: Home, move: tuple[str, ...]) -> None:
    before = rows(home)
    command, pipe = home.command(*move, "--wait", "50"), subprocess.PIPE
    with (
        somebody(home, *IDLE),
        subprocess.Popen(command, env=dict(home.env()), cwd=home.path, stdout=pipe, stderr=pipe, text=True) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Plan:")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "nothing was written" in said
        assert rows(home) == before


def test_a_connection_that_no_list_of_processes_shows_is_noticed_too(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's process, or a system without /proc: the lock alone tells."""
    monkeypatch.setattr(writer, "find_holders", lambda _: ())
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("SELECT count(*) FROM session").fetchone()
        with pytest.raises(DatabaseInUse):
            Writer(home.database)
    Writer(home.database).close()


def test_nobody_gets_in_between_two_chunks(home: Home, move: tuple[str, ...]) -> None:
    """Whoever comes between two of them is told that the database is locked."""
    done = run(home, *move, "--chunk-size", "1", fault=Fault("knock", 1, "after COMMIT"))
    assert done.code == 0, done.stderr
    answers = [line.removeprefix("knock: ") for line in done.stderr.splitlines() if line.startswith("knock: ")]
    assert set(answers) == {"database is locked"}
    assert len(answers) >= 17
    with closing(sqlite3.connect(home.database, timeout=0)) as connection:
        assert connection.execute("SELECT count(*) FROM session").fetchone()


def test_two_runs_of_ours_take_turns(home: Home, move: tuple[str, ...]) -> None:
    """Whoever comes second is refused, or waits; it never plans on rows that the first is about to change."""
    outcomes: list[Finished] = []
    slowly = (*move, "--chunk-size", "1")
    first = threading.Thread(target=lambda: outcomes.append(run(home, *slowly, fault=Fault("dawdle"))))
    first.start()
    while not query_journals(home, "SELECT * FROM chunk"):
        time.sleep(0.001)
    second = run(home, "move", "--from-dir", "~/src/notes", *move[3:], "--wait", "30")
    first.join()
    assert (outcomes[0].code, second.code) == (0, 0), second
    assert query_journals(home, "SELECT status FROM run") == [("applied",), ("applied",)]


# -------------------------------------------------------------------------------------------- what can't be written


@pytest.mark.parametrize(
    ("file", "directory"), [(0o444, 0o755), (0o644, 0o555), (0o444, 0o555)], ids=["file", "directory", "both"]
)
def test_what_is_read_only_can_be_listed_and_is_not_written(
    home: Home, unprivileged: UnprivilegedHome, move: tuple[str, ...], file: int, directory: int
) -> None:
    before = rows(home)
    home.database.chmod(file)
    home.database.parent.chmod(directory)
    listed, moved = unprivileged.run("list", "--all", "--json"), unprivileged.run(*move)
    home.database.parent.chmod(0o755)
    home.database.chmod(0o644)
    assert listed.code == 0, listed.stderr
    assert len(listed.json) == 15
    assert moved.code == 1
    (said,) = [line for line in moved.stderr.splitlines() if line.startswith("error:")]
    assert str(home.database) in said
    assert "check the permissions" in said
    assert "taking it back" not in said
    assert rows(home) == before
    assert run(home, "log", "--json").json == []


def test_a_journal_that_can_not_be_written_is_told_in_a_sentence(
    home: Home, unprivileged: UnprivilegedHome, move: tuple[str, ...]
) -> None:
    """Without a journal nothing could be taken back, so nothing is written."""
    before = rows(home)
    home.state.mkdir(parents=True)
    home.state.chmod(0o555)
    done = unprivileged.run(*move)
    home.state.chmod(0o755)
    assert done.code == 1, done.stderr
    assert str(home.state) in done.stderr
    assert rows(home) == before
