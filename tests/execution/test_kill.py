"""Killed at any moment, a run can be finished or taken back; interrupted at any moment, it takes itself back.

`kill -9` leaves no time to do anything about it. So which chunks were written is told by the rows alone.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.support.crowded_home import crowded_home
from tests.support.faults import Fault, run
from tests.support.git import root_commit
from tests.support.opencode_2_database import dialect_home, queue_move
from tests.support.rows import (
    MARKER,
    Pristine,
    Rows,
    add_patch,
    born,
    directories,
    journalled,
    patch_files,
    rows,
    timeless,
    titled,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

DATABASE = "share/opencode/opencode.db"
KILLED = -signal.SIGKILL
WRITTEN = Fault("kill", 1, "before mark")
"""All chunks are written, and the run isn't closed."""
BEGUN = Fault("kill", 1, "after intend")
"""The first chunk is intended, and nothing is written."""


class Stage:
    """The real sessions, and the command that moves 17 of them in two chunks, of 9 and 8."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.shop = home.repository("shop", "sub/deep")
        plan = home.path / "plan.json"
        assert run(home, "plan", "--from-dir", "~/src/shop-*", "--to-dir", self.shop, "-o", plan).code == 0
        self.move = ("apply", plan, "--yes", "--chunk-size", "9")
        self.pristine = Pristine(home)
        self.before = timeless(home)
        assert run(home, *self.move).code == 0
        self.after = timeless(home)
        self.pristine.restore()

    def moved(self) -> list[str]:
        return [id_ for id_, where in directories(self.home).items() if f"{where}/".startswith(f"{self.shop}/")]

    def kill(self, *words: str | Path, fault: Fault = WRITTEN) -> str | None:
        """Kill our command, a move unless told otherwise; where that was, or None if it was through before."""
        killed = run(self.home, *(words or self.move), fault=fault)
        assert killed.code in {0, KILLED}, killed.stderr
        return killed.stderr.splitlines()[-1] if killed.code else None

    @property
    def cut_off(self) -> bool:
        statuses = {status for (status,) in journalled(self.home, "SELECT status FROM run")}
        return bool(statuses & {"running", "rolling-back"})


@pytest.fixture
def stage(home: Home) -> Stage:
    return Stage(home)


@pytest.fixture(params=["v1", "v1+v2"])
def every_stage(tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    """The same sessions in a database of both opencodes too, with all that goes along there."""
    home = dialect_home(tmp_path / "home", "real-1.18.34", request.param)
    if request.param != "v1":
        queue_move(home, titled(home, "Read about BM25"), "/elsewhere")
    return Stage(home)


# --------------------------------------------------------------------------------------------------- at every step


def test_killed_at_any_step_a_move_is_finished_or_taken_back(every_stage: Stage) -> None:
    stage = every_stage
    for step in count(1):
        stage.pristine.restore()
        at = stage.kill(fault=Fault("kill", step))
        if at is None:
            break
        assert len(stage.moved()) in {0, 9, 17}, at
        if not stage.cut_off:
            assert timeless(stage.home) in (stage.before, stage.after), at
            continue
        left = Pristine(stage.home, "left")
        assert run(stage.home, "resume", "--yes").code == 0, at
        assert timeless(stage.home) == stage.after, at
        left.restore()
        assert run(stage.home, "undo", "--yes").code == 0, at
        assert rows(stage.home) == stage.pristine.rows, at
        assert not stage.cut_off, at
    assert step > 30


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_killed_again_while_it_is_finished_or_taken_back(stage: Stage, way: str) -> None:
    """`undo` then takes it back whatever was begun before; `resume` goes on with what was begun last."""
    stage.kill(fault=WRITTEN if way == "undo" else BEGUN)
    left = Pristine(stage.home, "left")
    for step in count(1):
        left.restore()
        at = stage.kill(way, "--yes", fault=Fault("kill", step))
        if at is None:
            break
        ends = [stage.after]
        if stage.cut_off:
            (status,) = journalled(stage.home, "SELECT status FROM run")
            assert way == "resume" or len(stage.moved()) == 17 or status == ("rolling-back",), at
            finally_ = ("resume", "undo")[step % 2]
            assert run(stage.home, finally_, "--yes").code == 0, at
            ends = [stage.after if finally_ == "resume" and status == ("running",) else stage.before]
        elif way == "undo":
            ends = [stage.before]
        assert timeless(stage.home) in ends, at
        assert not stage.cut_off, at
    assert step > 15


def test_an_undo_that_is_killed_is_finished_or_taken_back_like_any_run(every_stage: Stage) -> None:
    stage = every_stage
    assert run(stage.home, *stage.move).code == 0
    moved = Pristine(stage.home, "moved")
    for step in count(1):
        moved.restore()
        at = stage.kill("undo", "--yes", "--chunk-size", "9", fault=Fault("kill", step))
        if at is None:
            break
        if stage.cut_off:
            way = ("resume", "undo")[step % 2]
            assert run(stage.home, way, "--yes").code == 0, at
            assert rows(stage.home) == (stage.pristine.rows if way == "resume" else moved.rows), at
        else:
            assert rows(stage.home) in (stage.pristine.rows, moved.rows), at
    assert step > 30


@pytest.mark.parametrize("deed", ["interrupt", "terminate"])
def test_interrupted_at_any_step_a_run_says_what_is_true(stage: Stage, deed: str) -> None:
    """Rolled back with nothing left behind. An interrupt that comes too late for that changes nothing any more."""
    for step in count(1, 1 if deed == "interrupt" else 5):
        stage.pristine.restore()
        done = run(stage.home, *stage.move, fault=Fault(deed, step))
        if deed not in done.stderr:
            break
        at = done.stderr.splitlines()
        if timeless(stage.home) == stage.after:
            assert done.code == 0, at
        else:
            assert done.code == 130, at
            assert rows(stage.home) == stage.pristine.rows, at
            assert "rolled back" in done.stderr or "nothing was written" in done.stderr
        assert not stage.cut_off, at
    assert step > 30


# ------------------------------------------------------------------------------------- at any moment, from outside


class Crowd:
    """Three thousand sessions, and our command as a user starts it, to move them in three hundred chunks."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.shop = home.repository("shop")
        self.pristine = Pristine(home)
        self.words = ("move", "--from-dir", "~/src/repoA", "--to-dir", self.shop, "--yes", "--chunk-size", "10")

    def stop(self, number: int, at_chunk: int) -> tuple[int, str]:
        """Send a signal once this chunk is begun; the exit code and what was said."""
        command = self.home.command(*self.words)
        with subprocess.Popen(
            command,
            env=dict(self.home.env()),
            cwd=self.home.path,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as process:
            while len(journalled(self.home, "SELECT * FROM chunk")) < at_chunk and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        return process.returncode, said


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(crowded_home(tmp_path / "home"))


def expected(crowd: Crowd) -> Rows:
    """What an uninterrupted run makes of it."""
    assert crowd.home.run(*crowd.words).code == 0
    found = timeless(crowd.home)
    crowd.pristine.restore()
    return found


def test_killed_at_any_moment_thousands_are_finished_or_taken_back(crowd: Crowd) -> None:
    home, after = crowd.home, expected(crowd)
    before = timeless(home)
    for number, chunk in enumerate((1, 2, 17, 60, 111, 180, 240)):
        code, _ = crowd.stop(signal.SIGKILL, chunk)
        assert code == KILLED, f"it was through before it could be killed in chunk {chunk}"
        way = ("undo", "resume")[number % 2]
        done = run(home, way, "--yes")
        assert done.code == 0, done.stderr
        assert timeless(home) == (after if way == "resume" else before), chunk
        crowd.pristine.restore()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_thousands_are_rolled_back(crowd: Crowd, number: int) -> None:
    for chunk in (1, 111):
        code, said = crowd.stop(number, chunk)
        assert code == 130
        assert "rolled back" in said
        assert rows(crowd.home) == crowd.pristine.rows
        assert [entry["status"] for entry in run(crowd.home, "log", "--json").json] == ["rolled-back"]
        crowd.pristine.restore()


# ------------------------------------------------------------------------------------------ what one is told then


def test_a_run_that_was_cut_off_is_seen_and_comes_first(stage: Stage) -> None:
    stage.kill()
    home, left = stage.home, rows(stage.home)
    ((cut_off,),) = journalled(home, "SELECT id FROM run")
    another = ("move", "--from-dir", "~/src/notes", "--to-dir", stage.shop, "--yes")
    refused = home.run(*another)
    assert refused.code == 1
    assert f"opencode-migrator resume {cut_off}" in refused.stderr
    assert f"opencode-migrator undo {cut_off}" in refused.stderr
    doctor = home.run("doctor", "--json")
    assert doctor.code == 1
    assert doctor.json["unfinishedRuns"] == [cut_off]
    assert "cut off" in run(home, "log").stdout
    assert run(home, "resume").code == run(home, "undo").code == 1  # nobody can be asked here
    assert run(home, *another, "--db", shutil.copy(home.path / "pristine" / DATABASE, home.path)).code == 0
    assert rows(home) == left
    assert home.run("resume", cut_off, "--yes").code == 0
    assert run(home, "doctor").code == 0
    assert run(home, "resume", cut_off, "--yes").code == 1
    assert run(home, *another).code == 0


@pytest.mark.parametrize("way", ["resume", "undo"])
@pytest.mark.parametrize("chunk", [0, -1], ids=["in the first chunk", "in the last chunk"])
def test_a_session_that_something_else_has_moved_since_is_named(stage: Stage, chunk: int, way: str) -> None:
    """Which side of the commit its chunk is on can't be told, so nothing is written until it is put back by hand."""
    stage.kill()
    session = journalled(stage.home, "SELECT session FROM change ORDER BY seq")[chunk][0]
    (before,) = stage.home.query("SELECT directory FROM session WHERE id = ?", [session])
    stage.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [session])
    left = rows(stage.home)
    done = run(stage.home, way, "--yes")
    assert done.code in {1, 5}
    assert session in done.stderr
    assert rows(stage.home) == left
    stage.home.execute("UPDATE session SET directory = ? WHERE id = ?", [*before, session])
    assert run(stage.home, way, "--yes").code == 0
    assert timeless(stage.home) == (stage.before if way == "undo" else stage.after)


def test_a_tree_that_was_half_there_is_finished_too(stage: Stage) -> None:
    """The half that was right isn't in the run, which must not take it for newly born."""
    home, child = stage.home, titled(stage.home, "Compare ranking formulas")
    assert run(home, "move", "--from-dir", "~/src/notes", "--to-dir", stage.shop, "--yes").code == 0
    there = [root_commit(stage.shop), str(stage.shop), child]
    home.execute("UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?", there)
    assert stage.kill("move", "--from-dir", "~/src/shop-*", "--to-dir", stage.shop, "--yes", fault=BEGUN)
    done = run(home, "resume", "--yes")
    assert done.code == 0, done.stderr
    assert len(stage.moved()) == 18


@pytest.mark.parametrize("written", [True, False])
def test_a_session_deleted_since_is_named_or_left_out(stage: Stage, written: bool) -> None:
    """Deleting it was what somebody wanted, be it before its chunk was written or after."""
    stage.kill(fault=Fault("kill", 2, "after intend"))
    session = journalled(stage.home, "SELECT session FROM change ORDER BY seq")[0 if written else -1][0]
    stage.home.execute("DELETE FROM session WHERE id = ?", [session])
    left = rows(stage.home)
    done = run(stage.home, "resume", "--yes")
    if done.code == 5:
        assert session in done.stderr
        assert rows(stage.home) == left
        assert run(stage.home, "undo", "--yes").code == 0
        assert stage.moved() == []
    else:
        assert done.code == 0, done.stderr
        assert len(stage.moved()) == 16


def test_a_destination_that_went_since_keeps_a_run_from_being_finished(stage: Stage) -> None:
    stage.kill(fault=Fault("kill", 2, "after intend"))
    left = rows(stage.home)
    shutil.rmtree(stage.shop)
    done = run(stage.home, "resume", "--yes")
    assert done.code == 5
    assert str(stage.shop) in done.stderr
    assert "opencode-migrator undo " in done.stderr
    assert rows(stage.home) == left
    assert run(stage.home, "undo", "--yes").code == 0
    assert stage.moved() == []


def test_a_child_born_at_the_source_keeps_a_run_from_being_finished(stage: Stage) -> None:
    """It would be torn from its tree. Taken back, all are together again."""
    stage.kill(fault=BEGUN)
    child = born(stage.home, titled(stage.home, "Compare ranking formulas"))
    done = run(stage.home, "resume", "--yes")
    assert done.code == 5
    assert child in done.stderr
    assert run(stage.home, "undo", "--yes").code == 0
    assert stage.moved() == []


def test_file_undo_that_arose_at_the_destination_is_detached_when_a_run_is_taken_back(stage: Stage) -> None:
    """Between the kill and the undo opencode was used: its undo must not act on the destination's files from here."""
    stage.kill()
    home, session, reverted = stage.home, titled(stage.home, "Name things better"), "Try a trigram index"
    add_patch(home, session, str(stage.shop / "README.md"))
    home.execute("UPDATE session SET revert = ? WHERE id IN (?, ?)", [MARKER, session, titled(home, reverted)])
    assert run(home, "undo", "--yes").code == 0
    assert directories(home)[session] == str(home.src / "shop-search")
    assert patch_files(home, session) == []
    revert = "SELECT revert FROM session WHERE id IN (?, ?)"
    assert home.query(revert, [session, titled(home, reverted)]) == [('{"messageID":"msg_1"}',)] * 2


def test_what_was_born_at_the_destination_goes_back_with_its_tree_when_a_run_is_taken_back(stage: Stage) -> None:
    stage.kill()
    child = born(stage.home, titled(stage.home, "Compare ranking formulas"))
    add_patch(stage.home, child, str(stage.shop / "README.md"))
    assert run(stage.home, "undo", "--yes").code == 0
    assert directories(stage.home)[child] == str(stage.home.src / "shop-search")
    assert patch_files(stage.home, child) == []
