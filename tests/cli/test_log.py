"""`log` and `show RUN`: what each run did, from where to where, and what may follow."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault
from tests.support.faults import run as run_with_fault
from tests.support.home import MOVE, SESSION
from tests.support.refusal import refused, sentence
from tests.support.rows import rows
from tests.support.shell import printed_command, run_in_shell
from tests.support.snapshots import LOST, MIXED, three_sessions
from tests.support.undo_world import World, write

if TYPE_CHECKING:
    from tests.support.home import Home

NOTES = ("move", "--from-dir", "~/src/notes", "--to-dir", "src/shop", "--yes")
NOW = "what is undone in it now"


@pytest.fixture
def moved(home: Home) -> str:
    """17 sessions were moved to src/shop; the id of that run."""
    home.repository("shop", "sub/deep")
    return str(home.run(*MOVE, "--json").json["run"])


def cells(home: Home, *words: str) -> list[list[str]]:
    """The rows of the log: run, sessions, status, what."""
    home.environ["COLUMNS"] = "200"
    lines = [line.split("  ") for line in home.run("log", *words).stdout.splitlines()[1:]]
    return [[cell.strip() for cell in line if cell.strip()] for line in lines]


# ------------------------------------------------------------------------------------------------------------- the rows


def test_a_row_says_from_where_to_where_and_what_it_undid(home: Home, moved: str) -> None:
    home.run("undo", "--yes")
    home.run("redo", "--yes")
    home.run(*NOTES)
    assert [row[-2:] for row in cells(home)] == [
        ["applied", "~/src/notes -> ~/src/shop"],
        ["applied", f"redo: 4 directories -> ~/src/shop (of {moved})"],
        ["undone", f"undo: ~/src/shop -> 4 directories (of {moved})"],
        ["applied", "4 directories -> ~/src/shop"],
    ]
    last, redo, undo, first = home.run("log", "--json").json
    assert (last["from"], last["to"]) == ([str(home.src / "notes")], [str(home.src / "shop")])
    assert first["from"] == undo["to"] == sorted(map(str, map(home.src.joinpath, (
        "shop-api", "shop-checkout", "shop-search", "shop-search/sub/deep"))))  # fmt: skip
    assert (undo["undoes"], undo["undoneBy"], undo["redoes"]) == (moved, redo["run"], None)
    assert (redo["undoes"], redo["redoes"]) == (undo["run"], moved)
    assert first["started"] <= first["finished"] <= undo["started"]


def test_at_most_so_many_rows(home: Home, moved: str) -> None:
    home.run(*NOTES)
    (newest,) = home.run("log", "--limit", "1", "--json").json
    assert newest["run"] != moved
    assert len(cells(home, "--limit", "1")) == 1


@pytest.mark.usefixtures("moved")
def test_a_redo_is_undone_together_with_what_it_brought_back(home: Home) -> None:
    home.run("undo", "--yes")
    redo = home.run("redo", "--yes", "--json").json["run"]
    undo = home.run("undo", "--yes", "--json").json["run"]
    assert [row["undoneBy"] for row in home.run("log", "--json").json] == [None, undo, redo, undo]
    assert undo in sentence(home.run("undo", redo, "--yes"), 1)


# ----------------------------------------------------------------------------------------------------- one run in full


def test_show_takes_what_log_calls_a_run(home: Home, moved: str) -> None:
    assert home.run("show", moved[-4:]).stdout == home.run("log", moved[-4:]).stdout


def test_all_of_a_run(home: Home, moved: str) -> None:
    shown = home.run("log", moved).stdout
    assert home.run("show", moved).stdout == home.run("show", moved[:-2]).stdout == shown
    assert shown.startswith(f"Run {moved}: applied.\n")
    for line in (
        "   command: opencode-migrator move --from-dir '~/src/shop-*' --to-dir src/shop --yes --json",
        "  database: ~/.local/share/opencode/opencode.db",
        "17 sessions (3 of subagents) moved; verified 17.",
        " from ~/src/shop-search",
        "   to ~/src/shop",
        "      14 sessions (3 of subagents); file undo: detached 4, 10 have none",
        "file undo: detached 12 turns of 7 sessions",
        f'  {session("Try a trigram index", home)} "Try a trigram index"',
        "    detached  ~/src/shop-search/rev.txt",
        f"    detached  {NOW}",
    ):
        assert line in shown.splitlines()
    assert "registered project " in shown
    assert f"{SESSION} " not in shown
    whole = home.run("show", moved, "--verbose").stdout.splitlines()
    assert f'      {SESSION} "Summarise the README"' in whole
    for turn in home.run("show", moved, "--json").json["turns"]:
        which = NOW if turn["turn"] == turn["session"] else f"{turn['turn']}: {turn['files'][0]}"
        assert f"    detached  {which}".replace(str(home.path), "~") in whole
    assert shown.splitlines()[-1] == f"  opencode-migrator undo {moved}"
    assert max(map(len, shown.replace(home.path.name, "").splitlines()[3:])) <= 80


def session(title: str, home: Home) -> str:
    ((id_,),) = home.query("SELECT id FROM session WHERE title = ?", [title])
    return str(id_)


def test_before_and_after_of_every_session_for_a_program(home: Home) -> None:
    home.repository("shop", "sub/deep")
    backup, before = home.path / "copy.db", rows(home)["session"]
    run = home.run(*MOVE, "--json", "--backup", backup.name).json["run"]
    shown = home.run("log", run, "--json").json
    assert shown["backup"] == str(backup)
    after = rows(home)["session"]
    for change in shown["changes"]:
        for side, table in (("before", before), ("after", after)):
            assert change[side].items() <= table[change["session"]].items()
    assert len(shown["changes"]) == shown["sessions"] == shown["verified"] == 17
    assert {turn["outcome"] for turn in shown["turns"]} == {"detached"}
    assert shown["next"] == [f"opencode-migrator undo {run}"]
    undone = home.run("undo", "--yes", "--json").json["run"]
    back = home.run("show", undone, "--json").json
    assert {turn["outcome"] for turn in back["turns"]} == {"set-back"}
    assert {change["undo"] for change in back["changes"]} == {"set-back", "none"}
    key = lambda turn: (turn["session"], turn["turn"], turn["files"])  # noqa: E731 - said once
    assert sorted(map(key, back["turns"])) == sorted(map(key, shown["turns"]))
    assert [project["id"] for project in back["removed"]] == [project["id"] for project in shown["projects"]]
    assert back["next"] == ["opencode-migrator redo"]
    again = home.run("show", home.run("redo", "--yes", "--json").json["run"], "--json").json
    what = lambda change: (change["session"], change["undo"], change["undo_turns"])  # noqa: E731 - said once
    assert sorted(map(str, map(what, again["changes"]))) == sorted(map(str, map(what, shown["changes"])))
    assert sorted(map(key, again["turns"])) == sorted(map(key, shown["turns"]))


def test_turns_that_were_carried(world: World) -> None:
    old = world.repository(a="a\n")
    new, talk = old.with_name("new"), world.session(old)
    world.turn(talk, write, old / "a", "changed\n")
    old.rename(new)
    run = world.relocate(old, new)
    shown = world.home.run("show", str(run.id)).stdout
    assert "file undo: carried 1 turn of 1 session" in shown
    assert f"    carried   {new / 'a'}".replace(str(world.home.path), "~") in shown.splitlines()
    world.take_back(run)
    shown = world.home.run("log", str(world.home.run("log", "--json").json[0]["run"])).stdout
    assert f"    set back  {old / 'a'}".replace(str(world.home.path), "~") in shown.splitlines()


def test_what_protect_did(home: Home) -> None:
    three_sessions(home)
    run = home.run("protect", "--yes", "--json").json["run"]
    shown = home.run("show", run).stdout
    assert "file undo of 2 sessions changed; verified 2." in shown
    assert {turn["session"] for turn in home.run("show", run, "--json").json["turns"]} == {MIXED, LOST}
    assert cells(home)[0][-1] == "file undo"


def test_the_next_command_does_what_it_says(home: Home, moved: str) -> None:
    goal = rows(home)
    undo = home.run("undo", "--yes", "--json").json["run"]
    for run, said in ((moved, f"Run {moved}: applied, taken back by {undo}."), (undo, f"an undo of {moved}.")):
        shown = home.run("show", run).stdout
        assert said in shown.splitlines()[0]
        assert shown.splitlines()[-1].endswith("  opencode-migrator redo")
    assert run_in_shell(home, "opencode-migrator redo --yes").code == 0
    assert rows(home) == goal
    home.run("undo", "--yes")
    home.run(*NOTES)
    *_, undo = (row["undoneBy"] for row in home.run("log", "--json").json)
    assert home.run("show", moved, "--json").json["next"] == [f"opencode-migrator undo {undo}"]


def test_a_run_that_was_cut_off(home: Home) -> None:
    home.repository("shop", "sub/deep")
    run_with_fault(home, *MOVE, fault=Fault("kill", 3, "before COMMIT"))
    (run,) = [row["run"] for row in home.run("log", "--json").json]
    shown = home.run("log", run).stdout
    assert shown.startswith(f"Run {run}: cut off.\n")
    assert "17 sessions (3 of subagents) to move; how far it came is seen when" in shown
    assert f"To finish it:\n  opencode-migrator resume {run}\n" in shown
    assert shown.endswith(f"To take back what it wrote:\n  opencode-migrator undo {run}\n")


# ------------------------------------------------------------------------------------------------- what can't be shown


def test_a_file_that_exists_wins(home: Home, moved: str) -> None:
    home.run("plan", *NOTES[1:-1], "-o", moved)
    assert "1 session to move." in home.run("show", moved).stdout
    assert printed_command(home.run("show", moved).stdout) == f"opencode-migrator apply {moved}"
    assert home.run("log", moved).stdout.startswith(f"Run {moved}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20260101-000000-beef", "neither a file nor a run 20260101-000000-beef;"),
        ("zzz", "neither a file nor a run zzz;"),
        ("shop.json", "can't be read"),
    ],
)
def test_neither_a_file_nor_a_run(home: Home, name: str, said: str) -> None:
    assert said in refused(home, "show", name)


def test_the_beginning_of_several_ids(home: Home, moved: str) -> None:
    home.run("undo", "--yes")
    assert moved in sentence(home.run("show", moved[:8]), 1)


def test_a_journal_that_does_not_add_up(home: Home, moved: str) -> None:
    later = home.run(*NOTES, "--json").json["run"]
    with closing(sqlite3.connect(home.state / "runs" / f"{moved}.db")) as journal, journal:
        journal.execute("DELETE FROM change WHERE seq = 2")
    assert "doesn't add up" in sentence(home.run("show", moved), 1)
    # One that is whole is shown; but nobody can tell whether the other took it back.
    shown = home.run("log", later)
    assert shown.stdout.startswith(f"Run {later}: applied.")
    assert moved in sentence(shown, 1)


def test_a_database_that_was_moved(home: Home, moved: str) -> None:
    elsewhere = home.path / "elsewhere.db"
    shutil.move(home.database, elsewhere)
    for suffix in ("-wal", "-shm"):
        if (beside := home.database.with_name(home.database.name + suffix)).exists():
            shutil.move(beside, f"{elsewhere}{suffix}")
    shown = home.run("show", moved).stdout
    assert "database: ~/.local/share/opencode/opencode.db, where its rows are not any more" in shown
    assert shown.endswith("If its database was moved, name it with --db FILE.\n")
    shown = home.run("show", moved, "--db", elsewhere).stdout
    assert "  database: ~/elsewhere.db\n" in shown
    assert shown.endswith(f"To take it back:\n  opencode-migrator undo {moved} --db {elsewhere}\n")
    other = home.path / "other.db"
    shutil.copy(elsewhere, other)
    assert home.run("show", moved, "--db", other).code == 0  # it has the rows too
