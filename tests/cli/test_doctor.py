"""`doctor`: what is wrong with a database and around it, told by its exit code too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit
from tests.support.home import V1_FIXTURES, Home, build_home
from tests.support.other_process import held_open
from tests.support.refusal import sentence
from tests.support.snapshots import LOST, MIXED, SAFE, snapshot_repository, three_sessions
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.unprivileged import UnprivilegedHome

SUBJECTS = [
    "database",
    "schema",
    "sessions",
    "openBy",
    "locks",
    "writable",
    "integrity",
    "foreignKeys",
    "oddRows",
    "unfinishedRuns",
    "leftBehindJson",
    "orphans",
]


@pytest.mark.parametrize("fixture", V1_FIXTURES)
def test_every_fixture_is_in_order(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    before = home.everything()
    checked = home.run("doctor", "--json")
    assert checked.code == 0, checked.stderr
    assert list(checked.json)[: len(SUBJECTS)] == SUBJECTS
    assert checked.json["database"] == str(home.database)
    assert checked.json["schema"]["dialect"] == "v1"
    assert checked.json["schema"]["readOnly"] is None
    assert checked.json["sessions"] == (18 if fixture == "real-1.18.34" else 7)
    for subject in ("openBy", "integrity", "foreignKeys", "unfinishedRuns", "leftBehindJson"):
        assert checked.json[subject] == []
    assert checked.json["writable"] is True
    assert checked.json["cantTell"] == {}
    assert home.everything() == before


def test_text(home: Home) -> None:
    checked = home.run("doctor")
    assert checked.code == 0
    assert checked.stderr == ""
    found, _, _ = checked.stdout.partition("\n\n")
    *lines, orphans = found.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    assert orphans.startswith("-- 18 lost sessions: missing-directory 18; ")  # of a fixture no directory exists
    for words in (str(home.database), "1.15.13 or later", "18 sessions in 3 projects", "integrity", "foreign"):
        assert words in checked.stdout


def wrong(home: Home) -> str:
    """Return the one line that is marked as wrong, of a check-up that exits 1."""
    checked = home.run("doctor")
    assert checked.code == 1
    assert home.run("doctor", "--json").code == 1
    (line,) = [line for line in checked.stdout.splitlines() if line.startswith("!! ")]
    return line


def test_foreign_keys(home: Home) -> None:
    home.execute("DELETE FROM project WHERE id = 'global'")
    assert "1 row of session without project" in wrong(home)
    assert home.run("doctor", "--json").json["foreignKeys"] == [{"table": "session", "parent": "project", "rows": 1}]


def test_integrity(home: Home) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as connection:
        connection.executescript(
            """
            CREATE TABLE extra (x, y);
            CREATE INDEX by_x ON extra (x);
            INSERT INTO extra VALUES (1, 2);
            PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = 'CREATE INDEX by_x ON extra (y)' WHERE name = 'by_x';
            """
        )
    assert "missing from index by_x" in wrong(home)
    assert "row 1 missing from index by_x" in home.run("doctor", "--json").json["integrity"]


def test_unfinished_run(home: Home) -> None:
    home.repository("shop")
    run = home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes", "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running'")  # as kill -9 leaves it
    line = wrong(home)
    assert run in line
    assert "resume" in line
    assert "undo" in line
    assert home.run("doctor", "--json").json["unfinishedRuns"] == [run]
    assert home.run("resume", "--yes").code == 0
    assert home.run("doctor").code == 0


def test_an_unfinished_run_of_another_database_is_not_ours(home: Home) -> None:
    home.repository("shop")
    run = home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--yes", "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{run}.db")) as journal, journal:
        journal.execute("UPDATE run SET status = 'running', store = '/elsewhere.db'")
    assert home.run("doctor", "--json").json["unfinishedRuns"] == [run], "its rows are here, wherever they were before"
    home.execute("DELETE FROM session WHERE id IN (SELECT id FROM session WHERE directory LIKE '%/src/shop%')")
    assert home.run("doctor", "--json").json["unfinishedRuns"] == []


def test_open_by(home: Home) -> None:
    with held_open(home.database) as pid:
        checked = home.run("doctor", "--json")
        (line,) = [line for line in home.run("doctor").stdout.splitlines() if f"(pid {pid})" in line]
    assert [holder["pid"] for holder in checked.json["openBy"]] == [pid]
    assert checked.json["openBy"][0]["name"].startswith("python")
    assert checked.code == 0  # that opencode runs is no fault
    assert not line.startswith("ok ")  # but nothing to call ok either: nothing can be moved
    assert "until it is closed" in line


def test_left_behind_json(home: Home) -> None:
    storage = home.database.parent / "storage" / "session"
    (known,) = home.query("SELECT id FROM session LIMIT 1")[0]
    for project, session in (("global", "ses_left"), ("a1", "ses_behind"), ("a1", known)):
        (storage / project).mkdir(parents=True, exist_ok=True)
        (storage / project / f"{session}.json").write_text("{}")
    checked = home.run("doctor", "--json")
    assert checked.json["leftBehindJson"] == ["ses_behind", "ses_left"]
    assert checked.code == 0
    (line,) = [line for line in home.run("doctor").stdout.splitlines() if "JSON" in line]
    assert "2 sessions" in line
    assert str(storage.parent) in line  # where they are
    assert not line.startswith("ok ")


@pytest.mark.parametrize("closed", ["", "session", "session/a1"])
def test_a_json_storage_that_can_not_be_read_is_not_an_empty_one(unprivileged: UnprivilegedHome, closed: str) -> None:
    storage = unprivileged.database.parent / "storage"
    for project in ("a1", "b2"):
        (storage / "session" / project).mkdir(parents=True)
        (storage / "session" / project / f"ses_{project}.json").write_text("{}")
    (storage / closed).chmod(0)
    checked, text = unprivileged.run("doctor", "--json"), unprivileged.run("doctor").stdout
    (storage / closed).chmod(0o755)
    assert checked.code == 0
    assert checked.json["leftBehindJson"] == (["ses_b2"] if closed.endswith("a1") else None)
    assert f"{storage / closed}".rstrip("/") in checked.json["cantTell"]["leftBehindJson"]
    (line,) = [line for line in text.splitlines() if "left behind in JSON storage" in line]
    assert line.startswith("-- ")
    assert f"can't tell whether sessions are left behind in JSON storage: {storage}" in line
    assert ("1 session in the JSON storage" in line) == closed.endswith("a1")
    assert unprivileged.run("doctor", "--json").json["cantTell"] == {}


def test_a_database_that_is_read_only_to_us(home: Home) -> None:
    home.execute("CREATE TRIGGER nosy AFTER UPDATE ON session BEGIN SELECT 1; END")
    assert "trigger, nosy" in wrong(home)
    assert "nosy" in home.run("doctor", "--json").json["schema"]["readOnly"]


def test_undo_that_deletes_files_is_wrong(home: Home) -> None:
    shop = three_sessions(home)
    assert home.run("doctor").code == 0  # nobody asked
    before, snapshots = home.everything(), set(snapshot_repository(home, root_commit(shop), shop).rglob("*"))
    checked = home.run("doctor", "--undo", "--json")
    assert checked.code == 1
    assert list(checked.json)[: len(SUBJECTS)] == SUBJECTS
    undo = checked.json["undo"]
    assert {kind: undo[kind] for kind in ("deletes", "restores", "unknown")} == {
        "deletes": 2,
        "restores": 1,
        "unknown": 0,
    }
    told = {session["id"]: session for session in undo["sessions"]}
    assert [session["undo"] for session in undo["sessions"][:3]] == ["deletes", "deletes", "restores"]
    assert (told[MIXED]["directory"], told[MIXED]["undo"]) == (str(shop), "deletes")
    first, second = told[MIXED]["turns"]
    assert (first["message"], first["time"], first["undo"]) == (f"msg_1_user_{MIXED}", 1000, "deletes")
    assert first["deletes"] == [str(shop / "two")]
    assert "pruned" in first["because"]
    assert (second["undo"], second["restores"], second["deletes"]) == ("restores", [str(shop / "two")], [])
    (only,) = [turn for turn in told[SAFE]["turns"] if turn["message"] == f"msg_1_user_{SAFE}"]
    assert (only["removes"], only["restores"]) == ([str(shop / "made")], [str(shop / "one")])
    assert home.everything() == before
    assert set(snapshot_repository(home, root_commit(shop), shop).rglob("*")) == snapshots


def test_undo_for_people(home: Home) -> None:
    shop = three_sessions(home)
    checked = home.run("doctor", "--undo")
    assert checked.code == 1
    (line,) = [line for line in checked.stdout.splitlines() if line.startswith("!! ")]
    assert "deletes files in 2 sessions" in line
    assert "restores in 1 session" in line
    below = checked.stdout.partition(line)[2]
    assert f"msg_1_user_{MIXED}: would delete 1 file" in below
    assert f"msg_1_user_{LOST}: would delete 2 files" in below
    assert str(shop / "README.md").replace(str(home.path), "~") in below
    assert SAFE not in below
    assert "opencode-migrator protect" in below
    assert home.run("protect", "--yes").code == 0
    again = home.run("doctor", "--undo")
    assert again.code == 0
    assert "protect" not in again.stdout


def test_undo_of_selected_sessions(home: Home) -> None:
    three_sessions(home)
    checked = home.run("doctor", "--undo", "--from-id", SAFE, "--json")
    assert checked.code == 0
    assert [session["id"] for session in checked.json["undo"]["sessions"]] == [SAFE]
    assert "--undo" in sentence(home.run("doctor", "--from-id", SAFE), 2)
    assert home.run("doctor", "--undo", "--from-id", "ses_none").code == 3


@pytest.mark.parametrize("fixture", V1_FIXTURES)
def test_undo_of_every_fixture(tmp_path: Path, fixture: str) -> None:
    """Their directories are gone, and their files with them: nothing is there to be deleted."""
    home = build_home(tmp_path / "home", fixture)
    checked = home.run("doctor", "--undo", "--json")
    assert checked.code == 0, checked.stderr
    assert checked.json["undo"]["deletes"] == 0


def test_lines_break_between_words_on_a_terminal(home: Home) -> None:
    with Terminal(home, "doctor", color=False) as terminal:
        terminal.finish()
        lines = terminal.text.splitlines()
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []
    assert lines[lines.index("ok database") + 1].startswith("   /")
