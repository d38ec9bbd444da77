"""The journal alone tells what a run has changed, and only the owner of the conversations may read it."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.execution.journal import Journal
from tests.support import forked
from tests.support.faults import Fault, run
from tests.support.home import build_home
from tests.support.rows import query_journals, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.home import Home
    from tests.support.rows import Rows


@pytest.fixture
def move(home: Home) -> tuple[str | Path, ...]:
    shop = home.repository("shop", "sub/deep")
    return ("move", "--from-dir", "~/src/shop-search", "--to-dir", shop, "--yes", "--chunk-size", "4")


def journal(home: Home) -> Path:
    (path,) = home.state.glob("runs/*.db")
    return path


@pytest.mark.parametrize("fault", [None, Fault("kill", 2, "after COMMIT")], ids=["finished", "killed"])
def test_only_its_owner_can_read_it(home: Home, move: tuple[str, ...], fault: Fault | None) -> None:
    """Titles and files are nobody else's business; neither are the write-ahead log and its index, left by a kill."""
    mask = os.umask(0)
    done = run(home, *move, fault=fault) if fault else home.run(*move)
    os.umask(mask)
    assert done.code == (-9 if fault else 0)
    runs = journal(home).parent
    assert runs.stat().st_mode & 0o777 == 0o700
    files = list(runs.iterdir())
    assert len(files) == (3 if fault else 1)
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600, file


def test_it_holds_every_changed_value_as_it_was(home: Home, move: tuple[str, ...]) -> None:
    before = rows(home)
    assert run(home, *move).code == 0
    after = rows(home)
    changed = {
        (table, column, key, row[column], after[table][key][column])
        for table in ("session", "part")
        for key, row in before[table].items()
        for column in row
        if row[column] != after[table][key][column]
    }
    with Journal(journal(home)) as written:
        told = {(edit.table, edit.column, edit.key, edit.before, edit.after) for edit in written.edits()}
        for change in written.changes():
            for column, was, is_ in zip(change.before._fields, change.before, change.after, strict=True):
                if was != is_:
                    told.add(("session", column, change.session, was, is_))
    assert told == changed
    (project,) = after["project"].keys() - before["project"].keys()
    columns = "id, worktree, vcs, action, registered"
    row = after["project"][project]
    assert query_journals(home, f"SELECT {columns} FROM project") == [
        (project, row["worktree"], "git", "register", row["time_created"]),
    ]


def test_a_chunk_is_in_the_journal_before_it_is_in_the_database(home: Home, move: tuple[str, ...]) -> None:
    """Killed right before the second chunk's COMMIT: its intent is there, its rows aren't."""
    before = rows(home)
    assert run(home, *move, fault=Fault("kill", 3, "before COMMIT")).code < 0
    assert query_journals(home, "SELECT number, first, last FROM chunk") == [(1, 1, 4), (2, 5, 8)]
    after = rows(home)
    moved = [id_ for id_, row in after["session"].items() if row != before["session"][id_]]
    assert sorted(moved) == sorted(id_ for (id_,) in query_journals(home, "SELECT session FROM change WHERE seq < 5"))


def test_it_lies_in_the_users_state_directory_and_nothing_of_ours_in_opencodes(
    home: Home, move: tuple[str, ...], tmp_path: Path
) -> None:
    home.environ["XDG_STATE_HOME"] = str(tmp_path / "state")
    schema = home.query("SELECT * FROM sqlite_master")
    beside = {path.name for path in home.database.parent.iterdir()}
    assert home.run(*move).code == 0
    assert len(list((tmp_path / "state" / "opencode-migrator" / "runs").glob("*.db"))) == 1
    assert not home.state.exists()
    assert home.query("SELECT * FROM sqlite_master") == schema
    assert {path.name for path in home.database.parent.iterdir()} == beside
    assert home.run("undo", "--yes").code == 0


def test_log_shows_the_runs_newest_first_and_what_became_of_them(home: Home, move: tuple[str, ...]) -> None:
    def statuses() -> list[str]:
        lines = home.run("log").stdout.splitlines()[1:]
        return [
            next(s for s in ("undone", "applied", "rolled-back", "cut off") if f"  {s}  " in line) for line in lines
        ]

    assert run(home, "log").code == 0
    assert statuses() == []
    first = run(home, *move, "--json").json["run"]
    undo = run(home, "undo", "--yes", "--json").json["run"]
    assert statuses() == ["applied", "undone"]
    redo = run(home, "undo", undo, "--yes", "--json").json["run"]
    assert statuses() == ["applied", "undone", "applied"]
    assert run(home, *move[:2], "~/src/notes", *move[3:], fault=Fault("fail", 1, "before edit")).code == 1
    assert run(home, *move[:2], "~/src/notes", *move[3:], fault=Fault("kill", 1, "before mark")).code < 0
    assert statuses() == ["cut off", "rolled-back", "applied", "undone", "applied"]
    entries = run(home, "log", "--json").json
    assert [entry["run"] for entry in entries[2:]] == [redo, undo, first]
    assert [entry["undoes"] for entry in entries[2:]] == [undo, first, None]
    assert [entry["undoneBy"] for entry in entries[2:]] == [None, redo, None]
    assert [entry["sessions"] for entry in entries] == [1, 1, 15, 15, 15]
    assert entries[4]["command"].startswith("opencode-migrator move --from-dir '~/src/shop-search'")
    assert {entry["store"] for entry in entries} == {str(home.database)}
    assert all(entries[i]["started"] >= entries[i + 1]["started"] for i in range(4))


@pytest.mark.parametrize("point", ["before attach_journal", "before __init__", "before intend", "before mark"])
def test_somebody_who_reads_the_journal_only_delays_a_run(home: Home, move: tuple[str, ...], point: str) -> None:
    done = run(home, *move, fault=Fault("peek", 1, point))
    assert done.code == 0, done.stderr
    assert f"[peek {point}]" in done.stderr


@pytest.mark.parametrize("point", ["before __init__", "after __init__"])
def test_a_run_that_was_killed_before_it_began_leaves_nothing_in_the_way(
    home: Home, move: tuple[str, ...], point: str
) -> None:
    assert run(home, *move, fault=Fault("kill", 1, point)).code < 0
    assert query_journals(home, "SELECT * FROM run") == []
    assert run(home, "log", "--json").json == []
    done = run(home, "undo", journal(home).stem, "--yes")
    assert done.code == 1, done.stderr
    assert journal(home).stem in done.stderr
    assert run(home, *move).code == 0
    assert run(home, "undo", "--yes").code == 0


def no_database(file: Path) -> None:
    file.write_text("This is no database, and long enough for one to be sure of that.")


def cut_short(file: Path) -> None:
    os.truncate(file, 9000)


def overwritten(file: Path) -> None:
    with file.open("r+b") as pages:
        pages.seek(4096)
        pages.write(b"\xff" * (file.stat().st_size - 4096))


@pytest.mark.parametrize("damage", [no_database, cut_short, overwritten])
@pytest.mark.parametrize("words", [("log",), ("undo", "--yes"), ("move", "--from-dir", "~/src/notes", "--yes")])
def test_a_damaged_journal_is_named(
    home: Home, move: tuple[str, ...], words: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    """It may be that of a run that was cut off, so nothing goes on over it; put aside, it is forgotten."""
    assert run(home, *move).code == 0
    damaged = home.state / "runs" / "20250101-000000-0001.db"
    shutil.copy(journal(home), damaged)
    damage(damaged)
    done = run(home, *words, *(("--to-dir", move[4]) if words[0] == "move" else ()))
    assert done.code == 1, done.stderr
    assert str(damaged) in done.stderr
    assert "move it out of that directory" in done.stderr
    doctor = run(home, "doctor")
    assert doctor.code == 1
    assert str(damaged) in doctor.stdout
    assert "integrity_check passes" in doctor.stdout  # the rest is looked at all the same
    damaged.unlink()
    assert run(home, "log").code == 0


class Moved(NamedTuple):
    """A home after a run, its journal, a copy of that, and the rows."""

    home: Home
    journal: Path
    pristine: Path
    left: Rows


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    home = build_home(tmp_path_factory.mktemp("moved") / "home", "real-1.18.34")
    shop = home.repository("shop", "sub/deep")
    done = run(home, "move", "--from-dir", "~/src/shop-search", "--to-dir", shop, "--yes", "--chunk-size", "4")
    assert done.code == 0, done.stderr
    return Moved(home, journal(home), Path(shutil.copy(journal(home), home.path / "pristine")), rows(home))


DELETED = "DELETE FROM {0} WHERE rowid = (SELECT max(rowid) FROM {0})"


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        *((DELETED.format(table), f"its table {table} has ") for table in ("binding", "change", "project", "edit")),
        (DELETED.format("chunk"), "its table chunk has 3 rows, and 4 were written"),
        (DELETED.format("run"), "it has 0 runs"),
        (DELETED.format("total"), "rows, and None were written"),
        ("INSERT INTO edit SELECT * FROM edit LIMIT 1", "its table edit has "),
        ("INSERT INTO run SELECT * FROM run", "it has 2 runs"),
        ("UPDATE binding SET directory = directory || 'x' WHERE id = 1", "its table binding was changed"),
        ("UPDATE chunk SET last = last + 1 WHERE number = 2", "its chunk 3 has sessions 9 to 12 of 15, after 9"),
        ("UPDATE change SET seq = 99 WHERE seq = 3", "it has 15 sessions, but they are numbered from 1 to 99"),
        ("UPDATE change SET after = 99 WHERE seq = 3", "to 99, and one of them is missing"),
        ("UPDATE change SET session = x'00' WHERE seq = 3", "table change: Invalid enum value 'blob'"),
        ("UPDATE edit SET chunk = 9", "of its edits belong to a missing chunk"),
        ("UPDATE edit SET \"table\" = 'part; DROP TABLE part; --'", "a run changed column 'data' of table 'part; DROP"),
        ("UPDATE edit SET \"column\" = 'session_id'", "a run changed column 'session_id' of table 'part'"),
        ("UPDATE project SET action = 'rename'", "its table project was changed"),
        ("UPDATE run SET status = 'asleep'", "run: Invalid enum value 'asleep'"),
        ("UPDATE run SET store = 'opencode.db'", "the path of its database is not absolute"),
        ("UPDATE run SET undoes = id", "its run takes itself back"),
        ("UPDATE run SET id = '20250101-000000-0001'", "it is that of run 20250101-000000-0001"),
        ("UPDATE run SET chunk_size = 0", "a number in its run is out of range"),
        ("UPDATE run SET format = 'x'", "'x' is no format"),
        ("ALTER TABLE run RENAME COLUMN format TO other", "None is no format"),
        ("ALTER TABLE run RENAME COLUMN store TO other", "run: Object missing required field `store`"),
        ("DROP TABLE change", "no such table: change"),
        ("DROP TABLE staying", "its table staying is missing"),
        ("ALTER TABLE edit RENAME COLUMN key TO other", "column key of its table edit is missing"),
        ("ALTER TABLE run RENAME COLUMN verified TO other", "column verified of its table run is missing"),
    ],
)
def test_a_journal_that_does_not_add_up_is_not_believed(moved: Moved, damage: str, what: str) -> None:
    """Half a run would be undone, and names that no run changes would go into SQL."""
    home, damaged, pristine, left = moved
    shutil.copy(pristine, damaged)
    with closing(sqlite3.connect(damaged)) as database, database:
        assert database.execute(damage).rowcount
    for words in (("undo", "--yes"), ("log",)):
        done = run(home, *words)
        assert done.code == 1
        assert str(damaged) in done.stderr
        assert what in done.stderr
        assert "move it out of that directory" in done.stderr
    assert rows(home) == left


def test_a_run_whose_journal_does_not_add_up_is_not_finished(moved: Moved) -> None:
    home, damaged, pristine, left = moved
    shutil.copy(pristine, damaged)
    with closing(sqlite3.connect(damaged)) as database, database:
        database.execute("UPDATE run SET status = 'running'")
        database.execute(DELETED.format("chunk"))
    for words in (("resume", "--yes"), ("resume", damaged.stem, "--yes")):
        assert "its table chunk has 3 rows, and 4 were written" in run(home, *words).stderr
    assert rows(home) == left


@pytest.mark.parametrize("kind", ["pipe", "directory", "loop"])
def test_what_is_no_file_is_no_journal(home: Home, move: tuple[str, ...], kind: str) -> None:
    assert run(home, *move).code == 0
    odd = home.state / "runs" / "20250101-000000-0001.db"
    {"pipe": os.mkfifo, "directory": os.mkdir, "loop": lambda path: os.symlink(path, path)}[kind](odd)
    done = run(home, "log")
    assert done.code == 1
    assert next(path.stem for path in home.state.glob("runs/*.db") if path != odd) in done.stdout
    assert f"{odd} is damaged" in done.stderr


def test_a_run_is_named_by_the_beginning_of_its_id(home: Home, move: tuple[str, ...]) -> None:
    made = run(home, *move, "--json").json["run"]
    undo = run(home, "undo", made[:-1], "--yes", "--json").json["run"]
    after = rows(home)
    ambiguous = run(home, "undo", made[:6], "--yes")
    assert ambiguous.code == 1
    assert made in ambiguous.stderr
    assert undo in ambiguous.stderr
    assert run(home, "undo", "20250101", "--yes").code == 1
    assert rows(home) == after


def drawn_twice() -> None:
    """Let it be the same second as ever, and the same name be drawn first."""
    draws, patch = iter(["aaaa", "bbbb"]), pytest.MonkeyPatch()
    patch.setattr(secrets, "token_hex", lambda _: next(draws))
    patch.setattr(time, "strftime", lambda *_: "20261124-180504")


def test_two_runs_of_one_second_that_draw_the_same_name_have_two(home: Home, move: tuple[str | Path, ...]) -> None:
    for words in (move, ("undo", "--yes")):
        done = forked.run([*map(str, words)], home.env(), home.path, first=drawn_twice)
        assert done.code == 0, done.stderr
    names = {path.stem for path in home.state.glob("runs/*.db")}
    assert names == {"20261124-180504-aaaa", "20261124-180504-bbbb"}
    assert {id_ for (id_,) in query_journals(home, "SELECT id FROM run")} == names
