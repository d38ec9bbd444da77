"""Both databases of a merge have its sessions: a run is taken back, redone and finished only where it was made."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault
from tests.support.faults import run as run_with
from tests.support.home import build_home, checkpoint
from tests.support.marks import long_round
from tests.support.merging import copied
from tests.support.rows import add_session, rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home
    from tests.support.merging import OtherDatabase

DEV = ("--channel", "dev", "merge", "--from-channel", "latest", "--yes")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A database with three sessions, which opencode opens."""
    home = build_home(tmp_path / "home", "1.18.34")
    home.empty()
    shop = home.repository("shop")
    for name in ("a", "b", "c"):
        add_session(home, f"ses_{name}", directory=str(shop), title=name)
    return home


@pytest.fixture
def dev(home: Home) -> OtherDatabase:
    """The database of channel dev, which is empty but for a session of its own."""
    dev = copied(home, home.database.with_name("opencode-dev.db"))
    dev.empty()
    add_session(dev, "ses_dev", directory=str(home.src / "shop"))
    checkpoint(dev)
    return dev


def printed(done: Finished, verb: str) -> list[str]:
    """The words of a command that was printed."""
    (line,) = (line.strip() for line in done.stdout.splitlines() if f"opencode-migrator {verb}" in line)
    return shlex.split(line[line.index("opencode-migrator") :])[1:]


@pytest.mark.parametrize("way", [long_round("printed"), "the last", long_round("by --channel")])
def test_undo_leaves_the_database_that_the_sessions_came_from(home: Home, dev: OtherDatabase, way: str) -> None:
    source, before = rows(home), rows(dev)
    done = home.run(*DEV)
    merged = rows(dev)
    words = {"printed": printed(done, "undo"), "the last": ["undo"], "by --channel": ["--channel", "dev", "undo"]}[way]
    undone = home.run(*words, "--yes")
    assert (undone.code, rows(home), rows(dev)) == (0, source, before)
    redone = home.run(*printed(undone, "redo"), "--yes")
    assert (redone.code, rows(home), rows(dev)) == (0, source, merged)
    assert home.run(*printed(redone, "undo"), "--yes").code == 0
    assert (rows(home), rows(dev)) == (source, before)


@pytest.mark.long
def test_a_merge_into_a_named_database_is_taken_back_there(home: Home, tmp_path: Path) -> None:
    backup = copied(home, tmp_path / "backup.db")
    backup.empty()
    source, before = rows(home), rows(backup)
    done = home.run("--db", backup.database, "merge", home.database, "--yes")
    assert home.run(*printed(done, "undo"), "--yes").code == 0
    assert (rows(home), rows(backup)) == (source, before)


@pytest.mark.parametrize("spelling", [long_round("path"), long_round("symbolic link"), "hard link"])
@pytest.mark.parametrize("command", ["undo", long_round("resume")])
def test_it_is_refused_where_the_sessions_came_from(
    home: Home, dev: OtherDatabase, command: str, spelling: str, tmp_path: Path
) -> None:
    run = home.run(*DEV, "--json").json["run"]
    source, merged, named = rows(home), rows(dev), home.database
    if spelling != "path":
        named = tmp_path / "link.db"
        (os.link if spelling == "hard link" else os.symlink)(home.database, named)
    refused = home.run(command, run, "--db", named, "--yes")
    assert refused.code == 1
    assert f"is the other database of that merge; its rows are in {dev.database}: `" in refused.stderr
    assert (rows(home), rows(dev)) == (source, merged)
    assert home.run("undo", "--db", named, "--yes").stderr.startswith("error: There is no run of")


@pytest.mark.long
def test_the_source_is_left_alone_when_it_was_renamed(home: Home, dev: OtherDatabase) -> None:
    """A name tells nothing, and nor do the rows: where the run was made still has it."""
    before = rows(dev)
    done = home.run(*DEV)
    source, renamed = rows(home), home.database.with_name("renamed.db")
    checkpoint(home)
    home.database.rename(renamed)
    home.environ["OPENCODE_DB"] = str(renamed)
    undone = home.run(*printed(done, "undo"), "--yes")
    del home.environ["OPENCODE_DB"]
    assert (undone.code, rows(dev)) == (0, before)
    renamed.rename(home.database)
    assert rows(home) == source


@pytest.mark.long
def test_a_merge_is_taken_back_where_its_database_was_moved(home: Home, dev: OtherDatabase, tmp_path: Path) -> None:
    source, before = rows(home), rows(dev)
    run = home.run(*DEV, "--json").json["run"]
    checkpoint(dev)
    moved = dev.database.rename(tmp_path / "moved.db")
    home.environ["OPENCODE_DB"] = str(moved)
    undone = home.run("undo", run, "--yes")
    del home.environ["OPENCODE_DB"]
    moved.rename(dev.database)
    assert (undone.code, rows(home), rows(dev)) == (0, source, before)


@pytest.mark.parametrize("number", [3, long_round(4), long_round(5)])
@pytest.mark.parametrize("command", ["undo", long_round("resume")])
def test_a_merge_that_was_cut_off(home: Home, dev: OtherDatabase, command: str, number: int) -> None:
    """It is rolled back, or finished, where it was going on; no session is lost."""
    source, before = rows(home), rows(dev)
    run_with(home, *DEV, "--chunk-size", "1", fault=Fault("kill", number, "COMMIT"))
    assert home.run("log", "--json").json[0]["status"] == "running"
    done = home.run(command, "--yes")
    assert (done.code, rows(home)) == (0, source)
    brought = source["session"] if command == "resume" else {}
    assert rows(dev)["session"].keys() == before["session"].keys() | brought.keys()


@pytest.mark.long
def test_what_was_cut_off_is_not_rolled_back_in_what_may_be_the_source(home: Home, dev: OtherDatabase) -> None:
    """Both were moved, and a rollback keeps no rows. Where the source is back, the other one is known."""
    source, before = rows(home), rows(dev)
    run_with(home, *DEV, "--chunk-size", "1", fault=Fault("kill", 5, "COMMIT"))
    checkpoint(home)
    checkpoint(dev)
    moved_source = home.database.rename(home.path / "source.db")
    moved = dev.database.rename(home.path / "moved.db")
    home.environ["OPENCODE_DB"] = str(moved_source)
    for words in (["undo"], ["undo", "--db", str(moved_source)], ["undo", "--db", str(moved)]):
        assert home.run(*words, "--yes").code == 1
    del home.environ["OPENCODE_DB"]
    moved_source.rename(home.database)
    assert rows(home) == source
    assert home.run("undo", "--db", moved, "--yes").code == 0
    moved.rename(dev.database)
    assert rows(dev) == before


@pytest.mark.parametrize("is_empty", [False, long_round(True)])
def test_redo_takes_sessions_out_of_the_other_database_only(home: Home, tmp_path: Path, *, is_empty: bool) -> None:
    """With sessions that are here already, and with those that came first."""
    other = copied(home, tmp_path / "backup" / "opencode.db")
    if is_empty:
        home.empty()
        home.run("merge", other.database, "--yes")
    ours, theirs = rows(home), rows(other)
    home.run("merge", other.database, "--yes", "--remove-from-other")
    assert (rows(home), rows(other)["session"]) == (ours, {})
    assert home.run("undo", "--yes").code == 0
    assert (rows(home), rows(other)) == (ours, theirs)
    assert home.run("redo", "--yes").code == 0
    assert (rows(home), rows(other)["session"]) == (ours, {})


@pytest.mark.long
def test_a_saved_plan_does_not_bring_sessions_into_the_database_that_they_come_from(
    home: Home, dev: OtherDatabase, tmp_path: Path
) -> None:
    source, before, plan = rows(home), rows(dev), tmp_path / "plan.json"
    home.run("--channel", "dev", "plan", "merge", "--from-channel", "latest", "-o", plan)
    refused = home.run("apply", plan, "--db", home.database, "--yes")
    assert (refused.code, rows(home), rows(dev)) == (1, source, before)
    assert f"Its sessions come from {home.database}; apply it without --db" in refused.stderr


def test_a_merge_into_a_database_that_was_moved_twice_is_not_taken_back_while_they_are_nowhere_else(
    home: Home, dev: OtherDatabase
) -> None:
    """The removal names ours at the second of its three paths."""
    moved = [dev.database, home.path / "second.db", home.path / "third.db"]
    words = ("merge", home.database, "--yes", "--json", "--db")
    merged = home.run(*words, moved[0]).json["run"]
    moved[0].rename(moved[1])
    removal = home.run(*words, moved[1], "--remove-from-other").json["run"]
    moved[1].rename(moved[2])
    refused = home.run("undo", merged, "--yes", "--db", moved[2])
    assert (refused.code, f"first `opencode-migrator undo {removal}`" in refused.stderr) == (1, True), refused


@pytest.mark.parametrize("there", [True, False])
def test_a_merge_is_taken_back_if_a_third_database_has_what_was_removed(
    home: Home, dev: OtherDatabase, *, there: bool
) -> None:
    third = copied(home, home.path / "third.db")
    merged = home.run(*DEV, "--json").json["run"]
    removal = home.run("merge", home.database, "--db", third.database, "--remove-from-other", "--yes", "--json").json
    assert not rows(home)["session"]
    if not there:
        third.execute("DELETE FROM session")
    undone = home.run("undo", merged, "--yes")
    assert undone.code == (0 if there else 1), undone
    assert (f"first `opencode-migrator undo {removal['run']}`" in undone.stderr) is not there
    assert ("ses_a" in rows(dev)["session"]) is not there


@pytest.mark.parametrize("taken_back", [True, False])
def test_what_was_taken_out_of_one_database_may_come_into_a_third(
    home: Home, dev: OtherDatabase, *, taken_back: bool
) -> None:
    """That it wasn't there before doesn't mean that the removal has been there, and was cut off."""
    third = copied(home, home.path / "third.db")
    third.empty()
    removal = ("merge", home.database, "--db", dev.database, "--remove-from-other", "--yes")
    fault = Fault("fail", 2, "before COMMIT") if taken_back else None
    assert home.run("merge", home.database, "--db", dev.database, "--yes").code == 0
    assert run_with(home, *removal, fault=fault).code == (1 if taken_back else 0)
    assert bool(rows(home)["session"]) is taken_back
    assert home.run("merge", dev.database, "--db", third.database, "--yes").code == 0
    (logged,) = home.run("log", "--db", third.database, "--json").json
    assert (logged["status"], logged["takenOut"]) == ("applied", False)
    undone = home.run("undo", "--db", third.database, "--yes")
    assert (undone.code, rows(third)["session"]) == (0, {}), undone.stderr
