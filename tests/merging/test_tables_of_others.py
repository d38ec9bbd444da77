"""Tables that no opencode makes: rows of sessions in them come and go too, unless that would do something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.home import SESSION, checkpoint
from tests.support.merging import copied
from tests.support.refusal import refused_as_planned

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.merging import OtherDatabase

OWN = "CREATE TABLE own (id TEXT PRIMARY KEY, session_id TEXT)"
NO_ROWID = f"{OWN} WITHOUT ROWID"
TRIGGERS = {
    table: f"CREATE TRIGGER own_trigger BEFORE {event} ON {table} BEGIN SELECT RAISE(IGNORE); END"
    for table, event in {"message": "INSERT", "todo": "DELETE", "event_sequence": "UPDATE"}.items()
}


@pytest.fixture
def other(home: Home) -> OtherDatabase:
    """A database with all sessions; ours has none any more."""
    found = copied(home, home.path / "backup" / "opencode.db")
    home.empty("project")
    checkpoint(home)
    return found


@pytest.mark.parametrize(
    ("made", "said"),
    [
        *((sql, f"table {table} has a trigger, own_trigger, which no") for table, sql in TRIGGERS.items()),
        (NO_ROWID, "table own is WITHOUT ROWID"),
    ],
)
def test_whole_sessions_are_not_written_where_more_or_less_would_happen(
    home: Home, other: OtherDatabase, made: str, said: str
) -> None:
    home.execute(made)
    told = refused_as_planned(home, "merge", other.database, "--foreign", code=1)
    assert f"No whole session is written into {home.database}, or taken out of it: {said}" in " ".join(told.split())


def test_nor_are_they_taken_out(home: Home, other: OtherDatabase) -> None:
    assert home.run("merge", other.database, "--foreign", "--yes").code == 0
    other.execute(TRIGGERS["todo"])
    words = "merge", other.database, "--remove-from-other"
    shown, done = home.run(*words, "--dry-run"), home.run(*words, "--yes")
    assert "warning: This can't be applied. No whole session is written into" in shown.stdout
    assert (done.code, "table todo has a trigger" in done.stderr) == (1, True), done
    home.execute(TRIGGERS["message"])
    assert "table message has a trigger" in refused_as_planned(home, "undo", code=1)


def test_tables_that_refer_to_each_other_come_and_go(home: Home, other: OtherDatabase) -> None:
    for database in (home, other):
        database.execute("CREATE TABLE one (id TEXT, session_id TEXT, two TEXT REFERENCES two (id))")
        database.execute("CREATE TABLE two (id TEXT, session_id TEXT, one TEXT REFERENCES one (id))")
    other.insert("one", id="1", session_id=SESSION, two="2")
    other.insert("two", id="2", session_id=SESSION, one="1")
    before = home.everything()
    done = home.run("merge", other.database, "--foreign", "--yes")
    assert done.code == 0, done.stderr
    assert (home.query("SELECT id FROM one"), home.query("SELECT id FROM two")) == ([("1",)], [("2",)])
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
