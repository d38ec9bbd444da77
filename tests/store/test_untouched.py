"""Another database is read so that not a byte of it changes, whoever has it open, and no file appears beside it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.store.untouched import UntouchedView, read_untouched, untouched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Files = dict[str, tuple[bytes, int]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database in WAL mode, closed, with one row."""
    path = tmp_path / "opencode-dev.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    return path


def files(path: Path) -> Files:
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()}


def rows(path: Path) -> list[tuple[int]]:
    """What is read, having seen that the database and what is beside it are as they were."""
    before = files(path)
    found = read_untouched(path, lambda connection: connection.execute("SELECT x FROM t ORDER BY x").fetchall())
    assert files(path) == before
    return found


@contextmanager
def process(path: Path, *statements: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has carried out these statements, in the middle of a transaction if they begin one."""
    script = f"""
import sqlite3, time
connection = sqlite3.connect({str(path)!r}, isolation_level=None)
for statement in {statements!r}:
    connection.execute(statement).fetchall()
print("done", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "done\n"
        try:
            yield running
        finally:
            running.kill()


def killed(path: Path, *statements: str) -> None:
    """What a process leaves that was killed after these statements."""
    with process(path, *statements) as running:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()


def test_closed(database: Path) -> None:
    assert rows(database) == [(1,)]


def test_closed_and_not_writable(database: Path) -> None:
    database.chmod(0o444)
    assert rows(database) == [(1,)]


def test_while_opencode_runs(database: Path) -> None:
    with process(database, "SELECT * FROM t"):
        assert rows(database) == [(1,)]
    with process(database, "INSERT INTO t VALUES (2)"):
        assert [file.suffix for file in sorted(database.parent.iterdir())] == [".db", ".db-shm", ".db-wal"]
        assert rows(database) == [(1,), (2,)]


def test_in_the_middle_of_a_write(database: Path) -> None:
    with process(database, "INSERT INTO t VALUES (2)", "BEGIN IMMEDIATE", "INSERT INTO t VALUES (3)"):
        assert rows(database) == [(1,), (2,)]


def test_after_opencode_was_killed(database: Path) -> None:
    killed(database, "INSERT INTO t VALUES (2)")
    assert database.with_name("opencode-dev.db-wal").stat().st_size
    assert rows(database) == [(1,), (2,)]


def test_a_log_without_shared_memory(database: Path) -> None:
    killed(database, "INSERT INTO t VALUES (2)")
    database.with_name("opencode-dev.db-shm").unlink()
    assert rows(database) == [(1,), (2,)]


def test_a_log_of_a_process_that_needs_no_shared_memory(database: Path) -> None:
    with process(database, "PRAGMA locking_mode = EXCLUSIVE", "INSERT INTO t VALUES (2)"):
        assert rows(database) == [(1,), (2,)]


def test_a_transaction_to_be_rolled_back(database: Path) -> None:
    """Of a database that is not in WAL mode: what was half written is in the file itself."""
    killed(
        database,
        "PRAGMA journal_mode = DELETE",
        "PRAGMA cache_size = 1",
        "BEGIN IMMEDIATE",
        "UPDATE t SET x = 9",
        "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT i FROM n",
    )
    assert database.with_name("opencode-dev.db-journal").stat().st_size
    assert rows(database) == [(1,)]


def test_somebody_writes_meanwhile(database: Path) -> None:
    """What was read in two halves is read again."""
    seen: list[list[tuple[int]]] = []

    def read(connection: sqlite3.Connection) -> list[tuple[int]]:
        found: list[tuple[int]] = connection.execute("SELECT x FROM t").fetchall()
        if not seen:
            with closing(sqlite3.connect(database)) as other, other:
                other.execute("INSERT INTO t VALUES (2)")
        seen.append(found)
        return found

    assert read_untouched(database, read) == [(1,), (2,)]
    assert seen == [[(1,)], [(1,), (2,)]]


def test_somebody_writes_all_the_time(database: Path) -> None:
    def read(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT x FROM t").fetchall()
        with closing(sqlite3.connect(database)) as other, other:
            other.execute("INSERT INTO t VALUES (2)")

    with pytest.raises(MigratorError, match="it is being written to"):
        read_untouched(database, read)


@pytest.mark.parametrize("attachable", [False, True])
def test_what_is_half_written_is_not_called_damaged(database: Path, attachable: bool) -> None:
    """Somebody who uses no write-ahead log writes all the time, and each of his commits changes many pages."""
    script = f"""
import sqlite3, time
connection = sqlite3.connect({str(database)!r}, isolation_level=None)
connection.executescript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; CREATE INDEX i ON t (x);")
for first in range(0, 10**9, 2000):
    connection.execute(
        "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 + 1999) "
        "SELECT i * 7919 % 100003 FROM n", [first]
    )
    connection.execute("DELETE FROM t WHERE x % 3 = 0")
    print("written", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        said = set[str]()
        for _ in range(10):
            try:
                with untouched(database, attachable=attachable) as view:
                    view.connection.execute("PRAGMA integrity_check").fetchall()
                    view.check()
            except MigratorError as error:
                said.add(str(error))
        writer.kill()
    assert all("being written to; try again." in words or "was written to while" in words for words in said), said


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no database at all, but quite long", "file is not a database"), (None, "it is no file")],
)
def test_what_is_no_database(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "opencode-dev.db"
    path.write_bytes(content) if content else os.mkfifo(path)
    with pytest.raises(MigratorError, match=reason):
        read_untouched(path, lambda connection: connection.execute("SELECT * FROM sqlite_master").fetchall())


def test_a_damaged_one(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(MigratorError, match="malformed"):
        rows(database)


def test_a_large_one_with_a_log_is_not_copied(database: Path) -> None:
    killed(database, "INSERT INTO t VALUES (2)")
    database.with_name("opencode-dev.db-shm").unlink()
    os.truncate(database, 300_000_000)
    with pytest.raises(MigratorError, match="changes wait in a log"):
        rows(database)


def test_the_lock_of_our_own_run_is_not_dropped(database: Path) -> None:
    """Another name of the database that we have locked: any file that is closed drops all locks on it."""
    link = database.with_name("link.db")
    link.symlink_to(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as ours:
        ours.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        ours.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MigratorError, match="in use here"):
            read_untouched(link, lambda connection: connection.execute("SELECT x FROM t").fetchall())
        script = f"import sqlite3; sqlite3.connect({str(database)!r}, timeout=0).execute('SELECT x FROM t')"
        asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert "database is locked" in asked.stderr


# -- a view that stays open ------------------------------------------------------------------------------------------


def read_view(view: UntouchedView) -> list[tuple[int]]:
    return view.connection.execute("SELECT x FROM t ORDER BY x").fetchall()


def read_attached(view: UntouchedView) -> list[tuple[int]]:
    with closing(sqlite3.connect("file::memory:", uri=True, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS other", [view.uri])
        return connection.execute("SELECT x FROM other.t ORDER BY x").fetchall()


@pytest.mark.parametrize("attachable", [False, True])
def test_a_view_stays_as_it_was_while_opencode_writes(database: Path, attachable: bool) -> None:
    with process(database, "INSERT INTO t VALUES (2)"):
        before = files(database)
        with untouched(database, attachable=attachable) as view:
            assert files(database) == before
            with process(database, "INSERT INTO t VALUES (3)"):
                assert read_view(view) == [(1,), (2,)]
                if attachable:
                    assert read_attached(view) == [(1,), (2,)]
                view.check()
    with untouched(database) as view:
        assert read_view(view) == [(1,), (2,), (3,)]


@pytest.mark.parametrize("state", ["closed", "killed", "without shared memory", "read-only"])
def test_a_view_that_can_be_attached_leaves_everything_as_it_was(database: Path, state: str) -> None:
    expected = [(1,)]
    if state in {"killed", "without shared memory"}:
        killed(database, "INSERT INTO t VALUES (2)")
        expected.append((2,))
    if state == "without shared memory":
        database.with_name("opencode-dev.db-shm").unlink()
    if state == "read-only":
        database.chmod(0o444)
        database.parent.chmod(0o555)
    before = files(database)
    with untouched(database, attachable=True) as view:
        assert read_view(view) == read_attached(view) == expected
    assert files(database) == before
    database.parent.chmod(0o755)


def test_a_view_tells_when_the_file_was_written_to(database: Path) -> None:
    with untouched(database, attachable=True) as view:
        view.check()
        with process(database, "INSERT INTO t VALUES (2)", "PRAGMA wal_checkpoint"):
            pass
        with pytest.raises(MigratorError, match=r"was written to while it was being read; try again\.$"):
            view.check()


def test_a_view_of_what_is_no_database(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("no database, but long enough to be looked at")
    said = r'notes\.db can\'t be read: SQLite says "file is not a database"\.$'
    with pytest.raises(MigratorError, match=said), untouched(text):
        pass
