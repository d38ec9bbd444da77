"""The files of a database tell whether it has changed: a change is never missed, at worst suspected."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.store.file_signature import FileSignature

if TYPE_CHECKING:
    from tests.support.home import Home


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_every_write_shows(home: Home, mode: str) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        seen = set()
        for number in range(20):
            connection.execute("UPDATE session SET title = ?", [f"{number:04}"])
            sign = FileSignature.of(home.database)
            seen.add((sign.files, None if sign.settled else number))
            time.sleep(0.02)
        assert len(seen) == 20


def test_right_after_a_write_nothing_is_sure(home: Home) -> None:
    """Another write of the same size may get the same time."""
    while True:
        os.utime(home.database)
        written = home.database.stat().st_mtime_ns
        settled = FileSignature.of(home.database).settled
        if time.time_ns() - written < 50_000_000:  # else this machine was busy with something else
            break
    assert not settled
    for age, settled in ((-10_000_000_000, False), (1_000_000_000, True)):
        at = time.time_ns() - age
        os.utime(home.database, ns=(at, at))
        assert FileSignature.of(home.database).settled is settled


def test_reading_leaves_no_mark(home: Home) -> None:
    before = FileSignature.of(home.database).files
    assert home.query("SELECT count(*) FROM session") == [(18,)]
    assert home.run("list", "--all").code == 0
    assert FileSignature.of(home.database).files == before


def test_no_database(home: Home) -> None:
    home.database.unlink()
    assert not any(FileSignature.of(home.database).files)
