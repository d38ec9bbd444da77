"""A run and a plan know their database by what is in it: wherever it is by now, they find it or say how to go on."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import migrator
from tests.support.faults import Fault, run
from tests.support.git import root_commit
from tests.support.home import MOVE, SESSION, Home, build_home, checkpoint
from tests.support.refusal import sentence
from tests.support.rows import add_part, directories, rows, rows_without_times
from tests.support.snapshots import add_turn, bind, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.forked import Finished
    from tests.support.unprivileged import UnprivilegedHome

pytestmark = pytest.mark.long

HALF = Fault("kill", 2, "after intend")
"""The first of two chunks is written."""
BEGUN = Fault("kill", 1, "after intend")
"""Nothing is written."""


class Found(NamedTuple):
    """A home after its database was moved, and the words that name the database: none if it is where opencode looks."""

    home: Home
    words: tuple[str | Path, ...] = ()

    def run(self, *words: str | Path) -> Finished:
        return self.home.run(*words, *self.words)


class At(Home):
    """A home whose database is a file that the test names."""

    file: Path

    @property
    def database(self) -> Path:
        return self.file


def at(home: Home, file: Path) -> At:
    found = At(home.path, home.environ)
    found.file = file
    return found


def rename_home(home: Home) -> Found:
    return Found(Home(home.path.rename(home.path.with_name("renamed"))))


def move_file(home: Home) -> Found:
    return Found(at(home, moved(home, home.path / "elsewhere.db")), ("--db", home.path / "elsewhere.db"))


def put_behind_link(home: Home) -> Found:
    home.database.symlink_to(moved(home, home.path / "big" / "other-name.db"))
    return Found(home)


def switch_channel(home: Home) -> Found:
    return Found(
        at(home, moved(home, home.database.with_name("opencode-prod.db"))),
        ("--db", home.database.with_name("opencode-prod.db")),
    )


def name_in_environment(home: Home) -> Found:
    moved(home, home.path / "elsewhere.db")
    home.environ["OPENCODE_DB"] = str(home.path / "elsewhere.db")
    return Found(at(home, home.path / "elsewhere.db"))


def copy_and_lose(home: Home) -> Found:
    copy = backup(home, home.path / "restored.db")
    home.database.unlink()
    return Found(at(home, copy), ("--db", copy))


def copy_home(home: Home) -> Found:
    """The old one stays where it is."""
    shutil.copytree(home.path, home.path.with_name("copied"), symlinks=True)
    return Found(Home(home.path.with_name("copied")))


def write_log_into_file(home: Home) -> Found:
    checkpoint(home)
    return Found(home)


WAYS = [
    rename_home, move_file, put_behind_link, switch_channel, name_in_environment, copy_and_lose, copy_home,
    write_log_into_file,
]  # fmt: skip


def moved(home: Home, to: Path) -> Path:
    to.parent.mkdir(exist_ok=True)
    checkpoint(home)
    return home.database.rename(to)


def backup(home: Home, to: Path) -> Path:
    with closing(sqlite3.connect(home.database)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


def follow(home: Home, refused: Finished, naming: Path | str = "") -> Finished:
    """Run the command that a refusal names, as it is; of several the one `naming` this."""
    (command, *_) = [it for it in re.findall(r"`(opencode-migrator [^`]+)`", refused.stderr) if str(naming) in it]
    return home.run(*shlex.split(command)[1:], "--yes")


@pytest.fixture
def shop(home: Home) -> Path:
    return home.repository("shop", "sub/deep")


DAILY_WAYS = {rename_home, copy_home}
"""The others lead through the same code, and have their turn in the long rounds."""


@pytest.fixture(
    params=[pytest.param(way, id=way.__name__, marks=() if way in DAILY_WAYS else pytest.mark.long) for way in WAYS]
)
def way(request: pytest.FixtureRequest) -> Callable[[Home], Found]:
    found: Callable[[Home], Found] = request.param
    return found


# ------------------------------------------------------------------------------------------ wherever it is by now


@pytest.mark.usefixtures("shop")
def test_a_run_is_listed_and_taken_back_and_brought_about_again(home: Home, way: Callable[[Home], Found]) -> None:
    before = rows_without_times(home)
    made = home.run(*MOVE, "--json").json["run"]
    after = rows_without_times(home)
    found = way(home)
    (logged,) = found.run("log", "--json").json
    assert (logged["run"], logged["store"]) == (made, str(home.database))
    assert logged["database"] == str(found.home.database.resolve())
    done = found.run("undo", "--yes", "--json")
    assert done.code == 0, done.stderr
    assert rows_without_times(found.home) == before
    assert [row["undoneBy"] for row in found.run("log", "--json").json] == [None, done.json["run"]]
    again = found.run("undo", done.json["run"], "--yes")
    assert again.code == 0, again.stderr
    assert rows_without_times(found.home) == after
    if way is copy_home:
        assert rows_without_times(home) == after


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("fault", [HALF, BEGUN], ids=["half", "begun"])
@pytest.mark.parametrize("verb", ["undo", "resume"])
def test_a_run_that_was_cut_off_is_finished_or_taken_back(
    home: Home, way: Callable[[Home], Found], verb: str, fault: Fault
) -> None:
    before = rows_without_times(home)
    assert home.run(*MOVE).code == 0
    after = rows_without_times(home)
    assert home.run("undo", "--yes").code == 0
    assert run(home, *MOVE, "--chunk-size", "9", fault=fault).code < 0
    (cut_off, *_) = home.run("log", "--json").json
    found = way(home)
    if fault is BEGUN and way is copy_home:
        refused = found.run(verb, "--yes")
        assert "both as before it" in sentence(refused, 1)
        done = follow(found.home, refused, naming=found.home.database)
    else:
        assert found.run("doctor", "--json").json["unfinishedRuns"] == [cut_off["run"]]
        said = sentence(found.run("migrate", SESSION, found.home.src, "--yes"), 1)
        assert f"opencode-migrator {verb} {cut_off['run']}" in said
        done = found.run(verb, "--yes")
    assert done.code == 0, done.stderr
    assert rows_without_times(found.home) == (before if verb == "undo" else after)
    assert found.run("doctor", "--json").json["unfinishedRuns"] == []


def test_a_saved_plan_is_applied(home: Home, shop: Path, way: Callable[[Home], Found], tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert home.run("plan", *MOVE[1:-1], "-o", plan).code == 0
    found = way(home)
    done = found.run("apply", plan, "--yes", "--json")
    if way is rename_home:  # and so was the destination
        assert "plan again" in sentence(done, 5)
        followed = follow(found.home, done)
        assert followed.code == 0, followed.stderr
        assert set(directories(found.home).values()) >= {str(found.home.src / "shop-search")}
        return
    assert done.code == 0, done.stderr
    where = home if way is copy_home else found.home  # it was made for one that is still there
    assert set(directories(where).values()) >= {str(shop), str(shop / "sub/deep")}
    assert found.run("undo", "--yes").code == 0
    assert str(shop) not in directories(where).values()


# ------------------------------------------------------------------------------------- a message leads to the end


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("verb", ["undo", "resume"])
def test_where_opencode_does_not_look_the_message_names_the_command(home: Home, verb: str) -> None:
    if verb == "undo":
        assert home.run(*MOVE).code == 0
    else:
        assert run(home, *MOVE, "--chunk-size", "9", fault=HALF).code < 0
    found = switch_channel(home)
    refused = home.run(verb, "--yes")
    said = sentence(refused, 1)
    assert f"{home.database}, which is gone" in said
    assert follow(found.home, refused).code == 0


def test_a_plan_whose_database_is_where_opencode_does_not_look(home: Home, shop: Path) -> None:
    assert home.run("plan", *MOVE[1:-1], "-o", "plan.json").code == 0
    found = switch_channel(home)
    refused = home.run("apply", "plan.json", "--yes")
    assert f"{home.database}, which is gone" in sentence(refused, 1)
    assert follow(found.home, refused).code == 0
    assert str(shop) in directories(found.home).values()


@pytest.mark.usefixtures("shop")
def test_where_nobody_can_know_that_is_said_and_naming_the_database_is_enough(home: Home) -> None:
    before = rows_without_times(home)
    assert home.run(*MOVE).code == 0
    found = move_file(home)
    other = build_home(home.path / "other", "1.18.34").database
    home.environ["OPENCODE_DB"] = str(other)
    for refused in (home.run("undo", "--yes"), home.run("undo", "--yes", home.run("log", "--json").json[0]["run"])):
        assert "name it with --db FILE" in sentence(refused, 1)
    assert "There is no run of" in sentence(home.run("undo", "--yes", "--db", other), 1)
    assert found.run("undo", "--yes").code == 0
    assert rows_without_times(found.home) == before


@pytest.mark.usefixtures("shop")
def test_a_new_database_is_at_the_old_path(home: Home) -> None:
    """opencode was started anew: nothing of the run is in it, so nothing there is finished, taken back or blocked."""
    before = rows_without_times(home)
    assert run(home, *MOVE, "--chunk-size", "9", fault=HALF).code < 0
    kept = moved(home, home.database.with_name("opencode-old.db"))
    backup(build_home(home.path / "new", "1.18.34"), home.database)
    (cut_off,) = home.run("log", "--json").json
    assert (cut_off["status"], cut_off["store"], cut_off["database"]) == ("running", str(home.database), None)
    assert home.run("doctor", "--json").json["unfinishedRuns"] == []
    session = home.query("SELECT id FROM session ORDER BY id")[0][0]
    assert home.run("migrate", session, home.path, "--yes").code == 0
    new = rows(home)
    for words in (("undo", cut_off["run"]), ("resume", cut_off["run"]), ("resume",)):
        refused = home.run(*words, "--yes")
        assert "another database" in sentence(refused, refused.code)
        assert str(kept) in refused.stderr
        assert rows(home) == new
    assert follow(home, home.run("undo", cut_off["run"], "--yes")).code == 0
    assert rows_without_times(at(home, kept)) == before
    assert rows(home) == new


@pytest.mark.usefixtures("shop")
def test_a_run_that_was_closed_on_a_new_database_is_taken_back_in_its_own_once_that_is_named(home: Home) -> None:
    """Nobody could know that it was moved and not deleted."""
    before = rows_without_times(home)
    assert run(home, *MOVE, "--chunk-size", "9", fault=HALF).code < 0
    (cut_off,) = home.run("log", "--json").json
    kept = moved(home, home.path / "kept.db")
    backup(build_home(home.path / "new", "1.18.34"), home.database)
    done = home.run("undo", "--yes")
    assert done.code == 0
    assert "deleted, or another database is there now; if its database was moved, name it with --db FILE" in done.stderr
    assert home.run("undo", cut_off["run"], "--yes", "--db", kept).code == 0
    assert rows_without_times(at(home, kept)) == before


@pytest.mark.usefixtures("shop")
def test_another_database_is_never_touched(home: Home) -> None:
    made = home.run(*MOVE, "--json").json["run"]
    other = build_home(home.path / "other", "1.18.34")
    before = rows(other)
    refused = home.run("undo", made, "--yes", "--db", other.database)
    said = sentence(refused, 1)
    assert f"None of the 17 sessions of run {made} is in {other.database}" in said
    assert rows(other) == before
    assert follow(home, refused).code == 0
    assert home.run("log", "--json", "--db", other.database).json == []
    assert "2 runs of others" in home.run("log", "--db", other.database).stderr


# ----------------------------------------------------------------------------------------------- several have it


@pytest.mark.usefixtures("shop")
def test_of_a_copy_and_the_original_that_is_taken_back_which_is_named(home: Home) -> None:
    before = rows_without_times(home)
    made = home.run(*MOVE, "--json").json["run"]
    after = rows_without_times(home)
    copy = at(home, backup(home, home.path / "copy.db"))
    done = home.run("undo", made, "--yes", "--json", "--db", copy.database)
    assert done.code == 0, done.stderr
    (warning,) = [warning for warning in done.json["warnings"] if warning["code"] == "other-database"]
    assert (
        f"made on {home.database}, which has its rows too and stays as it is; this is {copy.database}"
        in warning["message"]
    )
    assert (rows_without_times(copy), rows_without_times(home)) == (before, after)
    listed = {row["run"]: row for row in home.run("log", "--json").json}
    assert listed[done.json["run"]]["database"] == str(copy.database)
    assert (listed[made]["database"], listed[made]["undoneBy"]) == (str(home.database), None)
    assert [row["undoneBy"] for row in home.run("log", "--json", "--db", copy.database).json] == [
        None,
        done.json["run"],
    ]
    table = home.run("log").stdout
    assert str(copy.database) in table
    assert str(home.database) in table
    assert home.run("undo", "--yes").code == 0
    assert rows_without_times(home) == before


@pytest.mark.usefixtures("shop")
def test_a_copy_from_before_has_not_seen_the_run(home: Home) -> None:
    made = home.run(*MOVE, "--backup", "backup.db", "--json").json["run"]
    copy = home.path / "backup.db"
    before = rows(at(home, copy))
    refused = home.run("undo", made, "--yes", "--db", copy)
    assert f"In {copy} everything is as before run {made}" in sentence(refused, 1)
    assert "There is no run of" in sentence(home.run("undo", "--yes", "--db", copy), 1)
    assert rows(at(home, copy)) == before
    assert follow(home, refused).code == 0


@pytest.mark.usefixtures("shop")
def test_a_copy_from_before_was_put_back(home: Home) -> None:
    made = home.run(*MOVE, "--backup", "backup.db", "--json").json["run"]
    checkpoint(home)
    (home.path / "backup.db").replace(home.database)
    before = rows(home)
    said = sentence(home.run("undo", "--yes"), 5)
    assert f"everything is as before run {made}, as if a copy from before had been put back" in said
    assert rows(home) == before


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("first", ["copy", "original"])
def test_what_was_tried_on_a_copy_is_taken_back_there(home: Home, first: str) -> None:
    """The original has the same rows, and its own run explains them."""
    before = rows_without_times(home)
    copy = at(home, backup(home, home.path / "copy.db"))
    tried = (copy, ("--db", copy.database))
    done: tuple[Home, tuple[str | Path, ...]] = (home, ())
    made = {}
    for where, words in (tried, done) if first == "copy" else (done, tried):
        made[str(where.database)] = home.run(*MOVE, "--json", *words).json["run"]
    after = rows_without_times(home)
    assert {row["run"]: row["database"] for row in home.run("log", "--json").json} == {v: k for k, v in made.items()}
    assert home.run("undo", made[str(copy.database)], "--yes").code == 0
    assert (rows_without_times(copy), rows_without_times(home)) == (before, after)
    assert home.run("undo", made[str(home.database)], "--yes").code == 0
    assert rows_without_times(home) == before


@pytest.mark.usefixtures("shop")
def test_rolled_back_in_a_copy_the_original_is_still_half_moved(home: Home) -> None:
    before = rows_without_times(home)
    assert run(home, *MOVE, "--chunk-size", "9", fault=HALF).code < 0
    (cut_off,) = home.run("log", "--json").json
    copy = at(home, backup(home, home.path / "copy.db"))
    assert home.run("undo", "--yes", "--db", copy.database).code == 0
    assert rows_without_times(copy) == before
    assert home.run("doctor", "--json").json["unfinishedRuns"] == [cut_off["run"]]
    refused = home.run("migrate", SESSION, home.src, "--yes")
    assert cut_off["run"] in sentence(refused, 1)
    assert home.run("undo", cut_off["run"], "--yes", "--db", home.database).code == 0
    assert rows_without_times(home) == before
    assert home.run("doctor", "--json", "--db", copy.database).json["unfinishedRuns"] == []


@pytest.mark.usefixtures("shop")
def test_a_run_that_was_cut_off_is_not_finished_on_a_copy_from_before(home: Home) -> None:
    """What it has written, and where, would be forgotten."""
    words = ("--chunk-size", "9", "--backup", "backup.db")
    assert run(home, *MOVE, *words, fault=HALF).code < 0
    (cut_off,) = home.run("log", "--json").json
    copy = home.path / "backup.db"
    for verb in ("resume", "undo"):
        refused = home.run(verb, cut_off["run"], "--yes", "--db", copy)
        assert f"everything is as before run {cut_off['run']}, which was cut off on {home.database}" in sentence(
            refused, 1
        )
    assert follow(home, refused).code == 0


@pytest.mark.usefixtures("shop")
def test_a_link_that_leads_elsewhere_by_now(home: Home) -> None:
    link = home.path / "link.db"
    link.symlink_to(home.database)
    made = home.run(*MOVE, "--json", "--db", link).json["run"]
    link.unlink()
    other = build_home(home.path / "other", "1.18.34").database
    link.symlink_to(other)
    refused = home.run("undo", made, "--yes", "--db", link)
    assert str(other) in sentence(refused, 1)
    assert follow(home, refused).code == 0


# ------------------------------------------------------------------------------------------- rows that are not as left


@pytest.mark.usefixtures("shop")
def test_rows_that_differ_are_named_and_both_databases(home: Home) -> None:
    made = home.run(*MOVE, "--json").json["run"]
    found = move_file(home)
    found.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [SESSION])
    before = rows(found.home)
    said = sentence(found.run("undo", made, "--yes"), 5)
    assert f"{SESSION} now has directory '/elsewhere'" in said
    assert str(home.database) in said
    assert str(found.home.database) in said
    assert rows(found.home) == before
    assert found.run("undo", made, "--yes", "--on-conflict", "skip").code == 0
    assert directories(found.home)[SESSION] == "/elsewhere"


@pytest.mark.usefixtures("shop")
def test_rows_that_differ_from_a_plan_are_named_and_both_databases(home: Home) -> None:
    assert home.run("plan", *MOVE[1:-1], "-o", "plan.json").code == 0
    found = move_file(home)
    found.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [SESSION])
    said = sentence(found.run("apply", "plan.json", "--yes"), 5)
    assert f"{SESSION} now has directory '/elsewhere'" in said
    assert str(home.database) in said
    assert str(found.home.database) in said


def test_runs_before_and_after_the_move_are_taken_back_one_by_one(home: Home, shop: Path) -> None:
    """The first run's rows are not as it left them; the second one left them so."""
    start = rows_without_times(home)
    first = home.run(*MOVE, "--json").json["run"]
    between = rows_without_times(home)
    found = move_file(home)
    other = home.repository("other")
    second = found.run("move", "--from-dir", shop, "--to-dir", other, "--yes", "--json").json["run"]
    assert [row["run"] for row in found.run("log", "--json").json] == [second, first]
    assert found.run("undo", "--yes").code == 0
    assert rows_without_times(found.home) == between
    assert found.run("undo", "--yes").code == 0
    assert rows_without_times(found.home) == start


# ------------------------------------------------------------------------------------------------------ other faces


def test_python(home: Home, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home.path))
    start = rows_without_times(home)
    selection = migrator.select(migrator.open_store(), from_dir="~/src/shop-*")
    plan = migrator.plan(migrator.open_store(), selection, to_dir=shop)
    found = move_file(home)
    with pytest.raises(migrator.MigratorError, match="which is gone"):
        migrator.apply(plan)
    store = migrator.open_store(found.home.database)
    done = migrator.apply(plan, store=store)
    again = moved(found.home, home.path / "again.db")
    with pytest.raises(migrator.NoSuchRun, match="which is gone"):
        migrator.undo(done)
    store = migrator.open_store(again)
    assert [run.database for run in store.runs()] == [str(again)]
    assert migrator.undo(done, store=store).status.value == "applied"
    assert rows_without_times(at(home, again)) == start


# ---------------------------------------------------------------------------------------------- snapshots came along


class Carried(NamedTuple):
    """A repository `old` with two sessions whose turns have snapshots, that was renamed to `new`."""

    home: Home
    old: Path
    new: Path
    sessions: list[str]

    def relocate(self, *words: str, fault: Fault | None = None) -> Finished:
        return run(self.home, "relocate", self.old, self.new, "--yes", *words, fault=fault)


@pytest.fixture
def carried(home: Home) -> Carried:
    old = home.repository("old")
    tree = snapshot(home, old)
    sessions = [id_ for (id_,) in home.query("SELECT id FROM session WHERE parent_id IS NULL ORDER BY id LIMIT 2")]
    for session in sessions:
        bind(home, session, old, root_commit(old))
        add_turn(home, session, tree, old / "README.md")
        add_part(home, session, f"msg_1_{session}", f"prt_end_{session}", type="step-finish", snapshot=tree)
    return Carried(home, old, old.rename(home.src / "new"), sessions)


def test_what_a_run_left_behind_is_found_in_a_home_that_was_renamed(carried: Carried) -> None:
    """It may need objects that are in a repository which was renamed too, so it stays until that was followed."""
    assert carried.relocate().code == 0
    found = rename_home(carried.home)
    words = ("gc", "--older-than", "0", "--yes", "--json")
    listed = found.run(*words)
    assert listed.code == 0, listed.stderr
    (left,) = listed.json["repositories"]
    assert Path(left["path"]).is_dir()
    assert f"`opencode-migrator relocate {carried.home.path} {found.home.path}`" in left["kept"]
    assert found.run("relocate", carried.home.path, found.home.path, "--yes").code == 0
    assert left["path"] in [it["path"] for it in found.run(*words).json["repositories"] if it["kept"] is None]
    assert not Path(left["path"]).exists()


@pytest.mark.parametrize("came_along", [True, False])
def test_a_run_goes_on_only_where_its_snapshots_came_along(carried: Carried, *, came_along: bool) -> None:
    assert carried.relocate("--chunk-size", "1", fault=HALF).code < 0
    found = rename_home(carried.home)
    if not came_along:
        shutil.rmtree(found.home.database.parent / "snapshot")
    done = found.run("resume", "--yes")
    if came_along:
        assert done.code == 0, done.stderr
        assert [directories(found.home)[id_] for id_ in carried.sessions] == [str(carried.new)] * 2
        return
    assert "an undo in opencode would delete files" in sentence(done, 5)
    assert follow(found.home, done, naming=" undo ").code == 0
    assert [directories(found.home)[id_] for id_ in carried.sessions] == [str(carried.old)] * 2


def test_where_the_original_can_not_be_looked_at_that_is_said(home: Home, unprivileged: UnprivilegedHome) -> None:
    home.repository("shop", "sub/deep")
    before = rows_without_times(home)
    assert home.run(*MOVE).code == 0
    checkpoint(home)
    copy = at(home, backup(home, home.path / "copy.db"))
    home.database.parent.chmod(0)
    done = unprivileged.run("undo", "--yes", "--db", copy.database)
    assert done.code == 0, done.stderr
    assert "~/.local/share/opencode/opencode.db, which can't be looked at" in done.stderr
    assert rows_without_times(copy) == before
