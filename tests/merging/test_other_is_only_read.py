"""The other database is only read, with what is beside it: on a medium that can't be written, and while it is used."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.home import SESSION, Home, build_home
from tests.support.marks import long_round
from tests.support.merging import OtherDatabase, bytes_around, copied
from tests.support.refusal import refused_as_planned
from tests.support.rows import rows
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRITES = """
import os, sqlite3, sys, time
database, session, log, last = sys.argv[1:]
connection = sqlite3.connect(database, isolation_level=None, timeout=60)
connection.execute(f"PRAGMA journal_mode = {log}")
connection.execute("PRAGMA synchronous = OFF")  # else a busy disk may let no write through during a merge
number, mine = 0, os.getpid()
while True:
    connection.execute("BEGIN IMMEDIATE")
    ids = [f"prt_z{mine}_{number}", f"msg_z{mine}_{number}"]
    row = (session, number, number, "{}")
    connection.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", [ids[1], *row])
    if number == 20:
        print("writing", flush=True)
        time.sleep(60 if last == "20" else 0)
    connection.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", [*ids, *row])
    connection.execute("COMMIT")
    number += 1
    time.sleep(0.001)
"""
"""Adds messages to a session, each with its part; after `last` it stays in the middle of one."""


@pytest.fixture
def other(home: Home, tmp_path: Path) -> OtherDatabase:
    """The real sessions on a medium of their own."""
    return copied(home, tmp_path / "medium" / "opencode.db")


@pytest.fixture
def ours(tmp_path: Path) -> Home:
    made = build_home(tmp_path / "ours", "1.18.34")
    made.empty()
    return made


def test_what_can_not_be_looked_at_is_not_called_missing(other: OtherDatabase, ours: Home) -> None:
    home = UnprivilegedHome(ours.path, ours.environ)
    for path, said in {other.database: "can't be read: Permission denied", other.database.parent: "looked at"}.items():
        mode = path.stat().st_mode
        path.chmod(0)
        told = refused_as_planned(home, "merge", other.database, code=1)
        path.chmod(mode)
        assert (said in told, "There is no database" in told) == (True, False), told


def test_on_a_medium_that_can_not_be_written(other: OtherDatabase, ours: Home) -> None:
    medium, before = other.database.parent, bytes_around(other.database)
    other.database.chmod(0o444)
    medium.chmod(0o555)
    done = UnprivilegedHome(ours.path, ours.environ).run("merge", other.database, "--foreign", "--yes")
    medium.chmod(0o755)
    assert done.code == 0, done.stderr
    assert len(rows(ours)["session"]) == 18
    assert bytes_around(other.database) == before


def test_nothing_is_taken_out_of_what_can_not_be_written(other: OtherDatabase, ours: Home) -> None:
    medium, before = other.database.parent, bytes_around(other.database)
    user, plan = UnprivilegedHome(ours.path, ours.environ), ours.path / "plan.json"
    words = (other.database, "--foreign", "--remove-from-other")
    assert user.run("plan", "merge", *words, "-o", plan).code == 0
    other.database.chmod(0o444)
    medium.chmod(0o555)
    shown = user.run("merge", *words, "--dry-run")
    refused = refused_as_planned(user, "apply", plan, code=1)
    medium.chmod(0o755)
    said = f"No session can be taken out of {other.database}: "
    assert f"This can't be applied. {said}" in " ".join(shown.stdout.split())
    assert "To apply" not in shown.stdout
    assert said in refused
    assert bytes_around(other.database) == before
    assert not rows(ours)["session"]


@contextmanager
def writing(other: OtherDatabase, log: str, last: int = 0) -> Iterator[None]:
    """An opencode that writes."""
    words = [sys.executable, "-c", _WRITES, str(other.database), SESSION, log, str(last)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as opencode:
        assert opencode.stdout is not None
        try:
            assert opencode.stdout.readline() == b"writing\n"
            yield
            assert opencode.poll() is None
        finally:
            opencode.kill()  # it would write for ever


@pytest.mark.parametrize("log", ["WAL", long_round("DELETE")])
def test_while_its_opencode_is_in_the_middle_of_a_message(other: OtherDatabase, ours: Home, log: str) -> None:
    with writing(other, log, 20):
        before = bytes_around(other.database)
        done = ours.run("merge", other.database, "--foreign", "--yes")
        assert bytes_around(other.database) == before
    assert done.code == 0, done.stderr
    came = {table: {id_[4:] for id_ in rows(ours)[table] if "_z" in id_} for table in ("message", "part")}
    assert came["message"] == came["part"]
    assert len(came["part"]) == 20


@pytest.mark.long
@pytest.mark.parametrize("log", ["WAL", "DELETE"])
def test_while_its_opencode_goes_on_writing(other: OtherDatabase, ours: Home, log: str) -> None:
    """Whoever writes without a log, as no opencode does, leaves no moment to look; then that is said."""
    with writing(other, log):
        done = ours.run("merge", other.database, "--foreign", "--yes")
    assert "damaged" not in done.stderr
    assert "was used in" in done.stderr or (log == "DELETE" and "written to" in done.stderr), done.stderr
    assert not rows(ours)["session"]
    with writing(other, log):
        done = ours.run("merge", other.database, "--foreign", "--on-conflict", "skip", "--yes")
    if log == "WAL":
        assert done.code == 0, done.stderr
        assert len(rows(ours)["session"]) > 10
