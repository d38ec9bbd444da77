"""Who may have the database open when: pages never wait for a run, and a run waits for nobody but planning."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.errors import DatabaseInUse, Unusable
from migrator.server.database_access import DatabaseAccess
from migrator.store.paging import ListFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home

RETITLE = "UPDATE session SET title = ?"


@pytest.fixture
def access(home: Home) -> Iterator[DatabaseAccess]:
    found = DatabaseAccess(home.database)
    yield found
    found.close()


def titles(access: DatabaseAccess) -> set[str]:
    with access.history() as copy:
        return {
            row.json.partition('"title":"')[2].partition('"')[0] for row in copy.page(ListFilter(), None, 100).sessions
        }


def test_while_a_run_writes_the_history_stands_still(access: DatabaseAccess, home: Home) -> None:
    home.execute(RETITLE, ["before"])
    with access.writing():
        home.execute(RETITLE, ["after"])
        assert titles(access) == {"before"}
        with pytest.raises(DatabaseInUse, match="in use by a run of this server"), access.reading():
            pass
    assert titles(access) == {"after"}
    with access.reading() as context:
        assert context.store.count() == 18


def test_nobody_has_it_open_between_pages(access: DatabaseAccess, home: Home) -> None:
    assert len(titles(access)) > 1
    with closing(sqlite3.connect(home.database, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")  # fails if and only if any other connection is open
        alone.execute("ROLLBACK")


def may_read(access: DatabaseAccess) -> bool:
    try:
        with access.reading():
            return True
    except DatabaseInUse:
        return False


def test_a_run_waits_for_planning_and_planning_for_no_run(access: DatabaseAccess) -> None:
    order: list[str] = []
    planning, planned = threading.Event(), threading.Event()

    def plan() -> None:
        with access.reading(), access.reading():
            planning.set()
            planned.wait(10)
            order.append("planned")

    def run() -> None:
        with access.writing():
            order.append("written")

    threads = [threading.Thread(target=plan), threading.Thread(target=run)]
    threads[0].start()
    planning.wait(10)
    threads[1].start()
    while may_read(access):  # whoever comes later lets the run go first
        time.sleep(0.001)
    assert threads[1].is_alive()
    planned.set()
    for thread in threads:
        thread.join(10)
    assert order == ["planned", "written"]


def test_another_process_that_keeps_everyone_out(access: DatabaseAccess, home: Home) -> None:
    """Such as a move by the command line: pages are as before until it is done."""
    home.execute(RETITLE, ["before"])
    assert titles(access) == {"before"}
    with closing(sqlite3.connect(home.database, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode = EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")
        alone.execute(RETITLE, ["after"])
        assert titles(access) == {"before"}
        alone.execute("COMMIT")
        assert titles(access) == {"before"}
        with pytest.raises(DatabaseInUse), closing(DatabaseAccess(home.database)) as fresh:
            titles(fresh)
    assert titles(access) == {"after"}


def test_a_copy_that_somebody_reads_outlives_the_next(access: DatabaseAccess, home: Home) -> None:
    home.execute(RETITLE, ["old"])
    with access.history() as old:
        home.execute(RETITLE, ["new"])
        assert titles(access) == {"new"}
        assert {"old" in row.json for row in old.page(ListFilter(), None, 100).sessions} == {True}
    assert titles(access) == {"new"}


def test_a_file_that_is_none(home: Home) -> None:
    home.database.write_bytes(b"no database at all, but long enough to look at")
    with closing(DatabaseAccess(home.database)) as access, pytest.raises(Unusable, match="is not an SQLite database"):
        titles(access)
