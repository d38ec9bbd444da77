"""A database that is missing, damaged or another program's is refused in one sentence."""

from __future__ import annotations

import os
import select
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home
from tests.support.refusal import refused

if TYPE_CHECKING:
    from pathlib import Path


from tests.support.home import MOVE, SESSION, checkpoint


def remove(database: Path) -> None:
    for file in database.parent.glob("opencode.db*"):
        file.unlink()


@pytest.mark.parametrize("command", [("list", "--all"), ("projects",), ("doctor",), MOVE])
def test_no_database(home: Home, command: tuple[str, ...]) -> None:
    remove(home.database)
    said = refused(home, *command)
    assert str(home.database) in said
    assert "start opencode once" in said
    assert "--db" in said


def test_a_rule_that_does_not_exist_is_refused_before_a_database_is_looked_for(home: Home) -> None:
    remove(home.database)
    assert "There is no rule 'nosuch' (--rule)." in refused(home, "orphans", "--rule", "nosuch", code=2)


def test_no_database_where_db_says(home: Home) -> None:
    said = refused(home, "list", "--db", "elsewhere.db")
    assert "elsewhere.db" in said
    assert not (home.path / "elsewhere.db").exists()


@pytest.mark.parametrize("command", [("list",), MOVE])
def test_empty_file(home: Home, command: tuple[str, ...]) -> None:
    remove(home.database)
    home.database.touch()
    said = refused(home, *command)
    assert f"{home.database} is an empty file" in said
    assert "--db" in said
    assert home.database.stat().st_size == 0


@pytest.mark.parametrize("content", [b"# Notes\n", bytes(range(256)) * 64, b"SQLite format 2\0" + bytes(4096)])
def test_not_sqlite(home: Home, content: bytes) -> None:
    remove(home.database)
    home.database.write_bytes(content)
    said = refused(home, *MOVE)
    assert f"{home.database} is not an SQLite database" in said
    assert "--db" in said


@pytest.mark.parametrize(
    "words", [("list", "--db", ""), ("--db", "", "list"), (*MOVE, "--db", ""), ("log", "--db", "")]
)
def test_an_unset_variable_is_no_database(home: Home, words: tuple[str, ...]) -> None:
    assert "--db is empty" in refused(home, *words)


def test_a_pipe(home: Home) -> None:
    os.mkfifo(home.path / "pipe")
    assert "is no file" in refused(home, "list", "--db", "pipe")


@pytest.mark.skipif(not os.access("/proc/kmsg", os.R_OK), reason="only root may open /proc/kmsg")
def test_a_file_of_the_kernel_that_is_waited_for(home: Home) -> None:
    (home.path / "log.db").symlink_to("/proc/kmsg")
    for name in ("/proc/kmsg", "log.db"):
        said = refused(home, "list", "--db", name)
        if _has_messages("/proc/kmsg"):
            assert said == "The path /proc/kmsg is not an SQLite database; name opencode's with --db PATH."
        else:
            assert "The path /proc/kmsg is no database: whoever reads it waits" in said


def _has_messages(log: str) -> bool:
    """Tell whether the kernel has written what nobody has read yet: then who reads it needn't wait."""
    with open(log, "rb", buffering=0) as file:
        return bool(select.select([file], [], [], 0)[0])


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device(home: Home, device: str) -> None:
    assert f"{device} is no file" in refused(home, "list", "--db", device)


def test_a_directory(home: Home) -> None:
    remove(home.database)
    home.database.mkdir()
    assert "is a directory" in refused(home, "list")
    said = refused(home, "list", "--db", ".local/share/opencode")
    assert "is a directory" in said
    assert "--db .local/share/opencode/opencode.db" in said


def test_json_era_storage_only(home: Home) -> None:
    remove(home.database)
    session = home.database.parent / "storage" / "session" / "global" / f"{SESSION}.json"
    session.parent.mkdir(parents=True)
    session.write_text("{}")
    said = refused(home, *MOVE)
    assert str(home.database.parent / "storage") in said
    assert "opencode 1.2 to 1.15" in said  # who imports it: 1.17 and later never do


def test_database_of_another_program(home: Home) -> None:
    remove(home.database)
    home.execute("CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT)")
    said = refused(home, "list")
    assert "is not a database that opencode" in said
    assert "--db" in said


def test_database_without_tables(home: Home) -> None:
    remove(home.database)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert "empty database" in refused(home, "list")


def test_unknown_schema_names_what_is_missing(home: Home) -> None:
    home.execute("ALTER TABLE session RENAME COLUMN directory TO folder")
    said = refused(home, *MOVE)
    assert "table session lacks directory" in said


def test_a_schema_that_does_more_than_we_say_is_read_but_not_written(home: Home) -> None:
    home.execute("CREATE TRIGGER nosy AFTER UPDATE ON session BEGIN DELETE FROM part; END")
    assert home.run("list", "--all").code == 0
    said = refused(home, *MOVE)
    assert "has a trigger, nosy" in said


def test_truncated_file(home: Home) -> None:
    checkpoint(home)
    os.truncate(home.database, home.database.stat().st_size // 2)
    for command in (("list", "--all"), MOVE, ("doctor",)):
        said = refused(home, *command)
        assert str(home.database) in said
        assert "damaged" in said
        assert ".recover" in said


def test_damage_that_only_a_write_meets(home: Home) -> None:
    """The sessions can be listed and planned with; the message parts can't be read."""
    checkpoint(home)
    (((root,),), ((size,),)) = (
        home.query("SELECT rootpage FROM sqlite_master WHERE name = 'part_session_idx'"),
        home.query("PRAGMA page_size"),
    )
    with home.database.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"Z" * size)
    assert home.run("list", "--all").code == 0
    assert "damaged" in refused(home, *MOVE)
