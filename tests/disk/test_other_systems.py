"""What is asked of the system has the same answer in another way where the first way isn't there."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import pytest

from migrator.disk import processes, system
from migrator.execution import run_lock
from migrator.store.connection import connect, file_uri
from migrator.store.open_by import who_has_open
from tests.support.rows import add_project, add_session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History
    from tests.support.home import Home

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM session").fetchall()
print("open", flush=True)
sys.stdin.read()
"""
SYNC = """
import fcntl, sys
fcntl.F_FULLFSYNC = 51
sys.addaudithook(lambda event, given: print(given[1]) if event == "fcntl.fcntl" else None)
from migrator.disk.system import sync
for path in sys.argv[1:]:
    sync(path)
"""


def test_psutil_names_who_has_it_open_where_there_is_no_proc(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "is_shown_by_proc", lambda: False)
    command, pipe = [sys.executable, "-c", HOLD, str(home.database)], subprocess.PIPE
    assert who_has_open(home.database) == (False, (), "")
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        (holder,) = who_has_open(home.database).holders
        assert (holder.pid, holder.name) == (process.pid, processes.name_of(process.pid))
        assert str(home.database) in processes.open_files(process.pid)
        monkeypatch.setattr(processes, "fcntl", None)
        assert who_has_open(home.database).holders == (holder,)
        assert process.stdin is not None
        process.stdin.close()
    told = who_has_open(home.database)
    assert (told.is_open, told.holders) == (None, ())  # a process of another user is not shown


def test_a_mac_is_told_to_write_through_the_cache_of_the_disk(tmp_path: Path) -> None:
    """Linux doesn't know the command and says so, as some disks of a Mac do: then it is fsync all the same."""
    (tmp_path / "file").touch()
    command = [sys.executable, "-c", SYNC, str(tmp_path / "file"), str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["51", "51"]


def test_sqlite_is_told_the_same(home: Home) -> None:
    with closing(connect(home.database, write=True)) as connection:
        for pragma in ("fullfsync", "checkpoint_fullfsync"):
            assert connection.execute(f"PRAGMA {pragma}").fetchall() == [(1,)]


def test_an_earlier_version_meets_the_lock_of_a_folder_and_this_one_meets_its(tmp_path: Path) -> None:
    """All versions so far lock the folder itself."""
    fcntl = pytest.importorskip("fcntl")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        with system.locked(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(BlockingIOError), system.locked(tmp_path, wait=False):
            pass
    finally:
        os.close(descriptor)


def test_a_folder_is_locked_by_a_file_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "fcntl", None)
    folder = tmp_path / "folder"
    folder.mkdir()
    with system.locked(folder), pytest.raises(BlockingIOError), system.locked(folder, wait=False):
        pass
    assert os.listdir(tmp_path) == ["folder"]
    folder.rmdir()
    with pytest.raises(FileNotFoundError), system.locked(folder):
        pass
    assert os.listdir(tmp_path) == []


def test_a_run_that_goes_on_is_seen_by_a_file_beside_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "fcntl", None)
    monkeypatch.setattr(run_lock, "_ASKED_SECONDS", 0.01)
    journal = tmp_path / "run.db"
    assert run_lock.is_held(journal) is None
    let_go = run_lock.hold(journal)
    assert let_go is not None
    assert run_lock.is_held(journal) is True
    with pytest.raises(BlockingIOError):
        run_lock.hold(journal)
    let_go()
    assert run_lock.is_held(journal) is False


def test_what_is_typed_below_a_link_means_what_is_stored(history: History) -> None:
    """As on a Mac, where /var and /tmp are links to what is in /private, and opencode stores where they lead."""
    home, stored = history.home, history.home.path / "private" / "var"
    for name in ("shop", "new"):
        (stored / name).mkdir(parents=True)
    (home.path / "var").symlink_to(stored)
    add_project(home, "global", "/")
    for session, name in (("ses_shop", "shop"), ("ses_old", "old")):
        add_session(home, session, project_id="global", directory=str(stored / name))
    listed = home.run("list", "--from-dir", f"{home.path}/var/sh*", "--json").json
    assert [session["id"] for session in listed] == ["ses_shop"]
    done = home.run("relocate", home.path / "var" / "old", home.path / "var" / "new", "--yes")
    assert done.code == 0, done.stderr
    moved = home.query("SELECT directory FROM session WHERE id = 'ses_old'")
    assert moved == [(str(stored / "new"),)]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (PureWindowsPath(r"C:\Users\Me é\x#?.db"), "file:///C:/Users/Me%20%C3%A9/x%23%3F.db?mode=ro"),
        (PureWindowsPath(r"\\server\share\x.db"), "file:////server/share/x.db?mode=ro"),
        (PurePosixPath("/a b/%c"), "file:///a%20b/%25c?mode=ro"),
    ],
)
def test_the_address_of_a_database(path: Path, address: str) -> None:
    assert file_uri(path, "mode=ro") == address
