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

from migrator.disk import processes
from migrator.disk.processes import name_of
from migrator.errors import DatabaseInUse
from migrator.operations.context import CommandContext
from migrator.operations.doctor import check_up
from migrator.store import open_by
from migrator.store.writer import Writer
from tests.support.faults import Fault, run
from tests.support.forked import Running
from tests.support.home import MOVE
from tests.support.namespaces import in_container, read_only, without_proc
from tests.support.rows import query_journals, rows
from tests.support.users import two_users, users_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.forked import Finished
    from tests.support.home import Home
    from tests.support.namespaces import Apart
    from tests.support.unprivileged import UnprivilegedHome

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("open", flush=True)
sys.stdin.read()
"""
KNOCK = """
import select, sqlite3, sys
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(100):
        connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        connection.execute("SELECT count(*) FROM session").fetchone()
        connection.close()
"""
KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("UPDATE session SET title = title || '.'")
os._exit(0)
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
    with somebody(home, *IDLE), Running([*move, "--wait", "600"], home.env(), home.path) as waiting:
        waiting.wait_until(lambda: waiting.stdout.startswith("Plan:"))
        waiting.send_signal(signal.SIGINT)
        done = waiting.finished()
        assert (done.code, "nothing was written" in done.stderr) == (130, True), done
        assert rows(home) == before


def test_another_connection_of_this_process_is_noticed_too(home: Home) -> None:
    """No list of other processes has it, and it keeps its own lock."""
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


@pytest.mark.long
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


# ------------------------------------------------------------------------------------- where the system shows less


def open_line(home: Home) -> str:
    """Return what doctor says of who has the database open."""
    (line,) = [line for line in home.run("doctor").stdout.splitlines() if "open in" in line or "has it open" in line]
    return line


@pytest.mark.parametrize("place", [in_container, without_proc])
def test_doctor_and_a_move_agree_where_the_process_is_not_shown(
    home: Home, move: tuple[str | Path, ...], place: Callable[[Home], Apart]
) -> None:
    apart = place(home)
    with somebody(home, *IDLE) as pid:
        who = f"a process (pid {pid})" if place is without_proc else "another process (the system doesn't say which"
        assert open_line(apart).startswith(f"-- open in {who}")
        done = apart.run(*move, "--trust-locks")
        assert done.code == 4
        assert f"is in use by {who}" in done.stderr
        (holder,) = apart.run("doctor", "--json").json["openBy"]
        assert holder["pid"] == (pid if place is without_proc else None)
    assert open_line(apart) == "ok nobody else has it open"
    if place is without_proc:
        assert apart.run(*move).code == 1, "nobody can tell what is mounted there"
    assert apart.run(*move, "--trust-locks").code == 0


@two_users
def test_doctor_and_a_move_name_the_process_of_another_user() -> None:
    with users_home() as theirs, somebody(theirs, *IDLE) as pid:
        theirs.give_everything()
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        assert open_line(theirs).startswith(f"-- open in {name} (pid {pid}): ")
        done = theirs.run(*MOVE)
        assert done.code == 4
        assert f"is in use by {name} (pid {pid})" in done.stderr


def test_a_system_that_does_not_tell_of_locks_is_not_nobody(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LAYOUTS", {})
    told = open_by.who_has_open(home.database)
    assert told.is_open is None
    assert "its locks can't be read" in told.why
    with CommandContext(home.database) as context:
        (checked,) = [result for result in check_up(context) if result.subject == "openBy"]
    assert checked.text.startswith("can't tell whether anybody else has it open")
    assert (checked.value, checked.notable) == (None, True)


def test_to_ask_takes_no_lock_and_changes_nothing(home: Home) -> None:
    """Whoever opens the database meanwhile, and doesn't wait at all, gets in each time."""
    before = {file: file.read_bytes() for file in home.database.parent.iterdir()}
    command, answers = [sys.executable, "-c", KNOCK, str(home.database)], set()
    with subprocess.Popen(command, stdin=subprocess.PIPE) as knocking:
        assert knocking.stdin is not None
        while knocking.poll() is None:
            answers.add(open_by.who_has_open(home.database).is_open)
            if answers == {True, False}:
                knocking.stdin.close()
    assert knocking.returncode == 0
    assert answers == {True, False}
    assert {file: file.read_bytes() for file in home.database.parent.iterdir()} == before


def test_to_ask_leaves_our_own_connection_its_lock(home: Home) -> None:
    """Closing any descriptor of a file gives up the locks of the whole process."""
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("SELECT count(*) FROM session").fetchone()
        assert open_by.who_has_open(home.database) == (False, (), "")
        done = home.run("move", "--from-dir", "~/src/notes", "--to-dir", home.src, "--yes")
        assert done.code == 4, done.stderr


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
    listed, checked = unprivileged.run("list", "--all", "--json"), unprivileged.run("doctor", "--json")
    moved = unprivileged.run(*move)
    home.database.parent.chmod(0o755)
    home.database.chmod(0o644)
    assert listed.code == 0, listed.stderr
    assert len(listed.json) == 15
    assert checked.code == 1
    assert checked.json["writable"] is False
    assert moved.code == 1
    (said,) = [line for line in moved.stderr.splitlines() if line.startswith("error:")]
    assert str(home.database) in said
    assert "check the permissions" in said
    assert "taking it back" not in said
    assert rows(home) == before
    assert run(home, "log", "--json").json == []


def test_doctor_says_that_no_run_can_write_and_why(home: Home, unprivileged: UnprivilegedHome) -> None:
    def told(*words: str) -> str:
        checked = unprivileged.run("doctor")
        assert checked.code == 1
        (line,) = [line for line in checked.stdout.splitlines() if line.startswith("!! no run can write: ")]
        assert all(word in line for word in words), line
        return line

    assert "ok a run can write to it" in unprivileged.run("doctor").stdout
    home.database.chmod(0o444)
    told(f"you may not write to {home.database}, which belongs to", "(mode 444)")
    home.database.chmod(0o644)
    for end in ("-wal", "-shm"):  # with both of them, it could be written to without another file
        home.database.with_name(f"opencode.db{end}").unlink(missing_ok=True)
    home.database.parent.chmod(0o555)
    told(f"you may not write to {home.database.parent}, which belongs to", "(mode 555)")
    home.database.parent.chmod(0o755)
    home.state.mkdir(parents=True)
    home.state.chmod(0o555)
    told(str(home.state), "journals are kept there", f"`chmod -R u+rwX {home.state}` opens it")
    home.state.chmod(0o755)
    assert unprivileged.run("doctor").code == 0


def test_a_file_system_that_is_mounted_read_only(home: Home, move: tuple[str | Path, ...]) -> None:
    before, apart = rows(home), read_only(home)
    checked = apart.run("doctor")
    assert checked.code == 1
    assert f"{home.database} is on a file system that is mounted read-only" in checked.stdout
    assert "nobody else has it open" in checked.stdout
    assert apart.run(*move).code == 1
    assert rows(home) == before


@pytest.mark.parametrize("whose", ["-wal", "-shm"])
def test_a_log_that_is_not_ours_keeps_a_run_from_writing(
    home: Home, unprivileged: UnprivilegedHome, move: tuple[str | Path, ...], whose: str
) -> None:
    """As an opencode leaves it that ran as root and was killed."""
    subprocess.run([sys.executable, "-c", KILLED, str(home.database)], check=True)
    file = home.database.with_name(f"opencode.db{whose}")
    file.chmod(0o444)
    assert f"you may not write to {file}" in unprivileged.run("doctor").stdout
    assert unprivileged.run(*move).code == 1
    file.chmod(0o644)
    assert "ok a run can write to it" in unprivileged.run("doctor").stdout
    assert unprivileged.run(*move).code == 0


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


def test_a_long_name_is_told_in_full(tmp_path: Path) -> None:
    """Linux keeps 15 bytes of it: `opencode-migrat`."""
    script = tmp_path / "opencode-migrator-of-another"
    script.write_text("#!/bin/sh\necho; read line\n")
    script.chmod(0o755)
    with subprocess.Popen([script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert name_of(process.pid) == script.name
        process.kill()
