"""A plan is a contract: where a row isn't what it says, or can't be written, nothing is written at all."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.crowded_home import crowded_home
from tests.support.faults import Fault, run
from tests.support.forked import Finished
from tests.support.rows import Rows, add_child, add_patch, copy_session, directories, rows, session_titled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

BM25 = "Read about BM25"
TREE = {"Rank results by freshness", "Collect sample queries (@general subagent)", "Compare ranking formulas", BM25}


@pytest.fixture
def plan(home: Home) -> Path:
    """A saved plan that moves all of shop-search."""
    shop, file = home.repository("shop", "sub/deep"), home.path / "plan.json"
    assert run(home, "plan", "--from-dir", "~/src/shop-search", "--to-dir", shop, "-o", file).code == 0
    return file


# ---------------------------------------------------------------------------------------- changed since it was made

CHANGES = {
    "moved by something else": "UPDATE session SET directory = '/elsewhere' WHERE id = ?",
    "its path changed": "UPDATE session SET path = NULL WHERE id = ?",
    "taken into a workspace": "UPDATE session SET workspace_id = 'wrk_1' WHERE id = ?",
    "its project changed": "UPDATE session SET project_id = 'global' WHERE id = ?",
    "deleted": "DELETE FROM session WHERE id = ?",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_stale_plan_is_refused_and_the_session_named(home: Home, plan: Path, change: str) -> None:
    session = session_titled(home, BM25)
    home.execute(change, [session])
    before = home.everything()
    done = home.run("apply", plan, "--yes")
    assert done.code == 5
    assert session in done.stderr
    assert home.everything() == before
    assert run(home, "log", "--json").json == []


def test_a_child_born_since_makes_a_plan_stale(home: Home, plan: Path) -> None:
    """Left out of the plan, it would be torn from its tree."""
    parent = session_titled(home, BM25)
    child = add_child(home, parent)
    before = home.everything()
    done = home.run("apply", plan, "--yes")
    assert done.code == 5
    assert parent in done.stderr
    assert child in done.stderr
    assert home.everything() == before


@pytest.mark.parametrize("change", ["", *CHANGES.values()], ids=["a child was born", *CHANGES])
def test_skipping_leaves_the_whole_tree_out_and_moves_the_rest(home: Home, plan: Path, change: str) -> None:
    session = session_titled(home, BM25)
    tree = {session_titled(home, title) for title in TREE} | (set() if change else {add_child(home, session)})
    if change:
        home.execute(change, [session])
    before = rows(home)
    done = run(home, "apply", plan, "--yes", "--json", "--on-conflict", "skip").json
    assert (done["status"], done["conflicts"]) == ("applied", [session])
    assert [warning["session"] for warning in done["warnings"] if warning["code"] == "skipped"] == [session]
    assert done["sessions"] == done["verified"] == 15 - len(TREE)
    after = rows(home)
    moved = {id_ for id_, row in after["session"].items() if row != before["session"][id_]}
    assert moved == set(in_search(before)) - tree
    written = {row["session_id"] for id_, row in after["part"].items() if row != before["part"][id_]}
    assert written
    assert not written & tree


def in_search(before: Rows) -> list[str]:
    return [id_ for id_, row in before["session"].items() if "/shop-search" in row["directory"]]


def test_skipping_everything_writes_nothing(home: Home, plan: Path) -> None:
    home.execute("UPDATE session SET path = path || 'x'")
    before = home.everything()
    done = home.run("apply", plan, "--yes", "--json", "--on-conflict", "skip")
    assert done.json["status"] == "unchanged"
    assert len(done.json["conflicts"]) == 15
    said = home.run("apply", plan, "--yes", "--on-conflict", "skip").stdout
    assert "Nothing was written" in said
    assert set(done.json["conflicts"]) == {line.split()[1] for line in said.splitlines() if "skipped: " in line}
    assert home.everything() == before


def test_what_is_used_without_being_moved_does_not_make_a_plan_stale(home: Home, plan: Path) -> None:
    """A title, a time, a message more: the plan says nothing of them, and the new file undo is detached too."""
    session = session_titled(home, BM25)
    home.execute("UPDATE session SET title = 'x', time_updated = 9 WHERE id = ?", [session])
    add_patch(home, session, str(home.src / "shop-search" / "a"))
    copy_session(home, session, id="ses_other", parent_id=None)
    assert home.run("apply", plan, "--yes").code == 0
    assert home.query("SELECT title, time_updated FROM session WHERE id = ?", [session]) == [("x", 9)]
    assert '"files":[]' in home.query("SELECT data FROM part WHERE id = 'prt_added'")[0][0]
    assert directories(home)["ses_other"] == str(home.src / "shop-search")


# -------------------------------------------------------------------------------------- an error in the middle of it


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("point", ["before intend", "after intend", "before rebind", "after rebind", "after edit"])
def test_an_error_in_any_chunk_rolls_back_all_of_them(home: Home, plan: Path, point: str, chunk: int) -> None:
    before = rows(home)
    done = run(home, "apply", plan, "--yes", "--chunk-size", "5", fault=Fault("fail", chunk, point))
    assert done.code == 1
    assert "disk I/O error" in done.stderr
    assert rows(home) == before
    assert [entry["status"] for entry in run(home, "log", "--json").json] == ["rolled-back"]
    assert run(home, "apply", plan, "--yes").code == 0


def test_a_conflict_in_a_later_chunk_rolls_back_all_of_them(home: Home, plan: Path) -> None:
    """The lock keeps others out during a run; should a row change all the same, nothing is written over it."""
    before = rows(home)
    done = run(home, "apply", plan, "--yes", "--chunk-size", "5", fault=Fault("meddle", 3, "before rebind"))
    assert done.code == 5, done.stderr
    last = json.loads(plan.read_text())["changes"][-1]["session"]
    assert f"{last} changed in the meantime" in done.stderr
    assert rows(home) == before
    assert [entry["status"] for entry in run(home, "log", "--json").json] == ["rolled-back"]


@pytest.mark.parametrize(
    ("point", "number"), [("before intend", 1), ("before intend", 3), ("before mark", 1), ("before mark", 2)]
)
def test_where_the_journal_can_not_be_written_any_more_all_is_rolled_back(
    home: Home, plan: Path, point: str, number: int
) -> None:
    """The rollback can't be written down, so the journal goes: its run would seem to be cut off."""
    before = rows(home)
    done = run(home, "apply", plan, "--yes", "--chunk-size", "5", fault=Fault("seal", number, point))
    assert done.code == 1, done.stderr
    assert "Everything was rolled back." in done.stderr
    assert rows(home) == before
    assert run(home, "log", "--json").json == []
    assert run(home, "apply", plan, "--yes").code == 0


def limited(home: Home, bytes_: int, *words: str | Path) -> Finished:
    """Run our command where no file may become larger than this: to it, that is a full disk."""
    shell = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(bytes_ // 512), *home.command(*words)]
    done = subprocess.run(shell, env=dict(home.env()), cwd=home.path, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return Finished(done.returncode, done.stdout, done.stderr)


LIMIT = 1_000_000


@pytest.fixture
def crowd(tmp_path: Path) -> Home:
    """Sessions with long rows: it is the database that hits the limit, and never our journal."""
    home = crowded_home(tmp_path / "home", 500)
    home.execute("UPDATE session SET summary_diffs = hex(zeroblob(2500))")
    return home


def test_a_chunk_that_does_not_fit_on_the_disk_is_rolled_back(crowd: Home) -> None:
    shop, before = crowd.repository("shop"), rows(crowd)
    move = ("move", "--from-dir", "~/src/repoA", "--to-dir", shop, "--yes")
    done = limited(crowd, LIMIT, *move)
    assert done.code == 1
    assert "SQLite says" in done.stderr
    assert rows(crowd) == before
    assert [entry["status"] for entry in crowd.run("log", "--json").json] == ["rolled-back"]
    assert crowd.run(*move).code == 0


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_where_even_the_rollback_does_not_fit_one_is_told_how_to_go_on(crowd: Home, way: str) -> None:
    """Some chunks are written, and there is no room to take them back. What is said of each way is what it does."""
    shop, before = crowd.repository("shop"), rows(crowd)
    move = ("move", "--from-dir", "~/src/repoA", "--to-dir", shop, "--yes", "--chunk-size", "20")
    done = limited(crowd, LIMIT, *move)
    assert done.code == 1
    (entry,) = crowd.run("log", "--json").json
    assert entry["status"] in {"running", "rolling-back"}
    assert 0 < list(directories(crowd).values()).count(str(shop)) < 500
    assert f"opencode-migrator undo {entry['run']}" in done.stderr
    goes_on = f"resume {entry['run']}` goes on" in done.stderr
    assert crowd.run(*move).code == 1
    assert crowd.run(way, entry["run"], "--yes").code == 0
    if way == "resume" and goes_on:
        assert str(crowd.src / "repoA") not in directories(crowd).values()
    else:
        assert rows(crowd) == before
