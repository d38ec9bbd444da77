"""Every database is read by the tables that it has, whichever opencode made it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from migrator.operations.demo import load
from migrator.store.history_copy import HistoryCopy
from migrator.store.reader import Store
from migrator.text import short_ids
from tests.support.home import FIXTURES, V1_FIXTURES, Home, build_home
from tests.support.opencode_2_database import upgrade

if TYPE_CHECKING:
    from pathlib import Path

UPGRADED = "v2-run-upgraded"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return build_home(tmp_path / "home", UPGRADED)


@pytest.mark.parametrize("fixture", [*V1_FIXTURES, "v2-run-fresh", UPGRADED])
def test_the_dialect_is_told_by_the_tables(tmp_path: Path, fixture: str) -> None:
    dialects = {"v2-run-fresh": "v2", UPGRADED: "v1+v2"}
    load(FIXTURES / f"{fixture}.sql", tmp_path / "opencode.db", tmp_path)
    with Store(tmp_path / "opencode.db") as store:
        assert store.schema.dialect == dialects.get(fixture, "v1")
        assert store.schema.read_only_because is None


def test_a_database_that_the_tests_upgrade_is_as_opencode_2_upgraded_it(tmp_path: Path) -> None:
    """Beside what it added: its own sessions, and what its first start in each directory leaves."""
    made, wrote = build_home(tmp_path / "made", "v2-run-upgraded.v1"), build_home(tmp_path / "wrote", UPGRADED)
    upgrade(made)
    assert set(made.tables()) == set(wrote.tables())
    assert {table: made.columns(table) for table in made.tables()} == {
        table: wrote.columns(table) for table in wrote.tables()
    }
    columns = "id, project_id, workspace_id, parent_id, replace(directory, ?, ''), replace(path, ?, ''), title, version"
    for table in ("session", "session_v2"):
        sql = f"SELECT {columns} FROM {table} WHERE id IN (SELECT id FROM session) ORDER BY id"
        rows = [home.query(sql, [str(home.path), str(home.path)[1:]]) for home in (made, wrote)]
        assert rows[0] == rows[1]
    empty = "SELECT seq FROM event_sequence WHERE aggregate_id = 'ses_ddcb9758cffeheG1M58RlWign5'"
    assert made.query(empty) == wrote.query(empty) == [(-1,)]


@pytest.mark.parametrize("fixture", ["v2-run-fresh", "v2-fresh", UPGRADED])
def test_every_session_is_listed_once(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    listed = home.run("list", "--all", "--no-roots", "--json").json
    assert sorted(row["id"] for row in listed) == sorted(id_ for (id_,) in home.query("SELECT id FROM session_v2"))
    assert {row["directory"] for row in listed} == {row for (row,) in home.query("SELECT directory FROM session_v2")}


def test_a_session_without_a_title_is_listed(home: Home) -> None:
    home.execute("UPDATE session_v2 SET title = NULL WHERE title = 'shop one'")
    assert "" in {row["title"] for row in home.run("list", "--all", "--json").json}


def test_what_opencode_2_says_of_a_session_counts(home: Home) -> None:
    home.execute("UPDATE session SET directory = '/old' WHERE title = 'v1 shop'")
    home.execute("UPDATE session_v2 SET directory = '/new' WHERE title = 'v1 shop'")
    listed = {row["title"]: row["directory"] for row in home.run("list", "--all", "--json").json}
    assert listed["v1 shop"] == "/new"


def test_a_session_that_was_never_imported_is_listed_too(home: Home) -> None:
    home.execute("DELETE FROM session_v2 WHERE title = 'v1 store'")
    assert "v1 store" in {row["title"] for row in home.run("list", "--all", "--json").json}
    with Store(home.database) as store:
        assert store.never_imported() == ["ses_ddcb97ee5ffeJsODPajhW82aA0"]


@pytest.mark.parametrize("value", [None, '{"phase":"sessions","cursor":"ses_x"}', "rubbish"])
def test_a_database_is_only_read_until_its_import_is_done(home: Home, value: str | None) -> None:
    if value is None:
        home.execute("DELETE FROM kv")
    else:
        home.execute("UPDATE kv SET value = ?", [value])
    assert home.run("list", "--all").code == 0
    shop = home.repository("shop")
    before = home.everything()
    refused = home.run("move", "--from-dir", "/**", "--to-dir", shop, "--yes")
    assert refused.code == 1
    assert "has not finished importing" in refused.stderr
    assert home.everything() == before


def test_a_database_of_an_early_preview_of_opencode_2_is_only_read(tmp_path: Path) -> None:
    """It has the tables of opencode 1, but a turn's files are in `session_message`, where opencode 1 has none."""
    home = build_home(tmp_path / "home", "v2-next-16350")
    assert len(home.run("list", "--all", "--json").json) == 2
    assert "an early preview of opencode 2" in home.run("doctor").stdout
    before = home.everything()
    refused = home.run("move", "--from-dir", "/**", "--to-dir", home.repository("new"), "--yes")
    assert refused.code == 1
    assert "an early preview of opencode 2 made it" in " ".join(refused.stderr.split())
    assert home.everything() == before


STRANGE = {
    "a trigger": ("CREATE TRIGGER nosy AFTER UPDATE ON session_v2 BEGIN DELETE FROM todo; END", "has a trigger, nosy"),
    "a trigger on what we insert": (
        "CREATE TRIGGER nosy AFTER INSERT ON session_message BEGIN DELETE FROM todo; END",
        "has a trigger, nosy",
    ),
    "a column": ("ALTER TABLE session_message ADD COLUMN owner TEXT NOT NULL DEFAULT 'x'", None),
    "a unique index": ("CREATE UNIQUE INDEX one ON session_v2 (directory, title)", "has a unique index, one"),
    "a reference": (
        "ALTER TABLE session_v2 ADD COLUMN x TEXT REFERENCES workspace(id)",
        None,
    ),
    "a check": ("ALTER TABLE session_v2 ADD COLUMN y TEXT CHECK (y <> directory)", "has a CHECK"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_schema_with_what_no_known_opencode_makes_is_only_read(home: Home, what: str) -> None:
    sql, reason = STRANGE[what]
    home.execute(sql)
    with Store(home.database) as store:
        assert (reason is None) == (store.schema.read_only_because is None)
        assert reason is None or reason in str(store.schema.read_only_because)
    assert home.run("list", "--all").code == 0


def test_a_column_that_demands_a_value_is_a_reason_to_write_nothing(home: Home) -> None:
    ((sql,),) = home.query("SELECT sql FROM sqlite_master WHERE name = 'session_message'")
    home.execute("DROP TABLE session_message")
    home.execute(sql.replace("`seq` integer", "`owner` text NOT NULL, `seq` integer"))
    with Store(home.database) as store:
        assert "demands a value for owner" in str(store.schema.read_only_because)


@pytest.mark.parametrize(("table", "column"), [("session_v2", "project_id"), ("session_message", "seq")])
def test_a_table_that_lacks_a_column_is_named(home: Home, table: str, column: str) -> None:
    home.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    refused = home.run("list", "--all")
    assert refused.code == 1
    assert f"table {table} lacks {column}" in refused.stderr


@pytest.mark.parametrize("table", ["session_inbox", "event_sequence"])
def test_what_only_writing_needs_keeps_nobody_from_reading(home: Home, table: str) -> None:
    home.execute(f"DROP TABLE {table}")
    assert home.run("list", "--all").code == 0
    move = ("move", "--from-dir", "/**", "--to-dir", home.repository("shop"))
    assert home.run(*move, "--dry-run").code == 0
    before = home.everything()
    refused = home.run(*move, "--yes")
    assert refused.code == 1
    assert f"table {table} lacks" in refused.stderr
    assert home.everything() == before


@pytest.mark.parametrize(("fixture", "number"), [("v2-run-fresh", 5), ("v2-run-upgraded", 8)])
def test_file_undo_is_judged_in_what_opencode_2_wrote(tmp_path: Path, fixture: str, number: int) -> None:
    """The snapshots didn't come along with the database, so an undo fails and touches nothing."""
    home = build_home(tmp_path / "home", fixture)
    home.repository("shop", "sub")
    before = home.everything()
    checked = home.run("doctor", "--undo", "--json")
    assert checked.code == 0, checked.stderr
    rows = checked.json["undo"]["sessions"]
    assert (len(rows), {turn["undo"] for row in rows for turn in row["turns"]}) == (number, {"nothing"})
    assert "its snapshot is gone, so an undo fails" in {turn["because"] for row in rows for turn in row["turns"]}
    assert home.run("protect", "--yes", "--json").json["status"] == "unchanged"
    assert home.run("gc", "--yes").code == 0
    assert home.everything() == before


@pytest.mark.parametrize("fixture", ["v2-run-fresh", UPGRADED])
@pytest.mark.parametrize("command", ["projects", "doctor", "orphans"])
def test_commands_that_read(tmp_path: Path, fixture: str, command: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    done = home.run(command, "--json")
    assert done.stdout, done.stderr
    assert done.json


@pytest.mark.parametrize("fixture", ["v2-run-fresh", UPGRADED])
def test_the_history_that_is_served_has_the_same_sessions(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    home.execute("UPDATE session_v2 SET directory = '/new', title = NULL WHERE title = 'shop one'")
    with Store(home.database) as store:
        copy = HistoryCopy(store)
        copy.index()
        told = copy.sessions(store.ids_where("TRUE"))
        copy.release()
        listed = {session.id: session for session in store.sessions_where("TRUE")}
    assert {id_: json.loads(info.json)["directory"] for id_, info in told.items()} == {
        id_: session.directory for id_, session in listed.items()
    }
    assert "/new" in {session.directory for session in listed.values()}


@pytest.mark.parametrize("fixture", ["1.18.34", "v2-run-fresh", UPGRADED])
def test_the_ids_beside_some_shorten_them_as_all_do(tmp_path: Path, fixture: str) -> None:
    load(FIXTURES / f"{fixture}.sql", tmp_path / "opencode.db", tmp_path)
    with Store(tmp_path / "opencode.db") as store:
        every = store.every_id()
        for some in (every, every[::3], every[:1], every[-1:], []):
            assert short_ids(some, store.ids_beside(some)) == short_ids(some, every)
