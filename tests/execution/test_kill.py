"""Killed at any moment, a run can be finished or taken back; interrupted at any moment, it takes itself back.

`kill -9` leaves no time to do anything about it. So which chunks were written is told by the rows alone.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from tests.support.crowded_home import crowded_home
from tests.support.faults import Fault, Gate, Interruptible, run, start
from tests.support.git import root_commit
from tests.support.opencode_2_database import dialect_home, queue_move
from tests.support.rows import (
    MARKER,
    Pristine,
    Rows,
    add_child,
    add_patch,
    directories,
    patch_files,
    query_journals,
    rows,
    rows_without_times,
    session_titled,
)

if TYPE_CHECKING:
    from tests.support.faults import Steps
    from tests.support.home import Home

DATABASE = "share/opencode/opencode.db"
KILLED = -9
WRITTEN = Fault("kill", 1, "before mark")
"""All chunks are written, and the run isn't closed."""
BEGUN = Fault("kill", 1, "after intend")
"""The first chunk is intended, and nothing is written."""


class ShopMove(Interruptible):
    """The real sessions, and the command that moves 17 of them in two chunks, of 9 and 8."""

    def __init__(self, home: Home) -> None:
        self.shop = home.repository("shop", "sub/deep")
        plan = home.path / "plan.json"
        assert run(home, "plan", "--from-dir", "~/src/shop-*", "--to-dir", self.shop, "-o", plan).code == 0
        super().__init__(home, "apply", plan, "--yes", "--chunk-size", "9")
        self.before = rows_without_times(home)
        assert run(home, *self.words).code == 0
        self.after = rows_without_times(home)
        self.pristine.restore()

    def moved(self) -> list[str]:
        return [id_ for id_, where in directories(self.home).items() if f"{where}/".startswith(f"{self.shop}/")]


@pytest.fixture
def shop_move(home: Home) -> ShopMove:
    return ShopMove(home)


@pytest.fixture(params=["v1", "v1+v2"])
def every_move(tmp_path: Path, request: pytest.FixtureRequest) -> ShopMove:
    """The same sessions in a database of both opencodes too, with all that goes along there."""
    home = dialect_home(tmp_path / "home", "real-1.18.34", request.param)
    if request.param != "v1":
        queue_move(home, session_titled(home, "Read about BM25"), "/elsewhere")
    return ShopMove(home)


# --------------------------------------------------------------------------------------------------- at every step


def test_killed_at_any_step_a_move_is_finished_or_taken_back(every_move: ShopMove, steps: Steps) -> None:
    shop_move = every_move
    for step in steps():
        shop_move.pristine.restore()
        at = shop_move.kill(fault=Fault("kill", step))
        if at is None:
            break
        assert len(shop_move.moved()) in {0, 9, 17}, at
        if not shop_move.cut_off:
            assert rows_without_times(shop_move.home) in (shop_move.before, shop_move.after), at
            continue
        left = Pristine(shop_move.home, "left")
        assert run(shop_move.home, "resume", "--yes").code == 0, at
        assert rows_without_times(shop_move.home) == shop_move.after, at
        left.restore()
        assert run(shop_move.home, "undo", "--yes").code == 0, at
        assert rows(shop_move.home) == shop_move.pristine.rows, at
        assert not shop_move.cut_off, at
    assert step > 30


@pytest.mark.long
@pytest.mark.parametrize("way", ["resume", "undo"])
def test_killed_again_while_it_is_finished_or_taken_back(shop_move: ShopMove, way: str, steps: Steps) -> None:
    """`undo` then takes it back whatever was begun before; `resume` goes on with what was begun last."""
    shop_move.kill(fault=WRITTEN if way == "undo" else BEGUN)
    left = Pristine(shop_move.home, "left")
    for step in steps():
        left.restore()
        at = shop_move.kill(way, "--yes", fault=Fault("kill", step))
        if at is None:
            break
        ends = [shop_move.after]
        if shop_move.cut_off:
            (status,) = query_journals(shop_move.home, "SELECT status FROM run")
            assert way == "resume" or len(shop_move.moved()) == 17 or status == ("rolling-back",), at
            finally_ = ("resume", "undo")[step % 2]
            assert run(shop_move.home, finally_, "--yes").code == 0, at
            ends = [shop_move.after if finally_ == "resume" and status == ("running",) else shop_move.before]
        elif way == "undo":
            ends = [shop_move.before]
        assert rows_without_times(shop_move.home) in ends, at
        assert not shop_move.cut_off, at
    assert step > 15


def test_an_undo_that_is_killed_is_finished_or_taken_back_like_any_run(every_move: ShopMove, steps: Steps) -> None:
    shop_move = every_move
    assert run(shop_move.home, *shop_move.words).code == 0
    moved = Pristine(shop_move.home, "moved")
    for step in steps():
        moved.restore()
        at = shop_move.kill("undo", "--yes", "--chunk-size", "9", fault=Fault("kill", step))
        if at is None:
            break
        if shop_move.cut_off:
            way = ("resume", "undo")[step % 2]
            assert run(shop_move.home, way, "--yes").code == 0, at
            assert rows(shop_move.home) == (shop_move.pristine.rows if way == "resume" else moved.rows), at
        else:
            assert rows(shop_move.home) in (shop_move.pristine.rows, moved.rows), at
    assert step > 30


@pytest.mark.parametrize("fault", [BEGUN, WRITTEN], ids=["begun", "written"])
def test_a_redo_that_is_killed_comes_before_another(shop_move: ShopMove, fault: Fault) -> None:
    home = shop_move.home
    moved = run(home, *shop_move.words, "--json").json["run"]
    after = rows(home)
    assert run(home, "undo", "--yes").code == 0
    shop_move.kill("redo", "--yes", "--chunk-size", "9", fault=fault)
    left = Pristine(home, "left")
    for way, state in (("resume", after), ("undo", shop_move.pristine.rows)):
        left.restore()
        again = run(home, "redo", "--yes")
        assert again.code == 1
        assert "was cut off; first" in again.stderr
        done = run(home, way, "--yes", "--json").json
        assert (done["status"], done["redoes"]) == (("applied", moved) if way == "resume" else ("rolled-back", None))
        assert rows(home) == state
        assert run(home, "redo", "--yes").code == (1 if way == "resume" else 0)
        assert rows(home) == after


@pytest.mark.parametrize("deed", ["interrupt", "terminate"])
def test_interrupted_at_any_step_a_run_says_what_is_true(shop_move: ShopMove, deed: str, steps: Steps) -> None:
    """Rolled back with nothing left behind. An interrupt that comes too late for that changes nothing any more."""
    for step in steps():
        shop_move.pristine.restore()
        done = run(shop_move.home, *shop_move.words, fault=Fault(deed, step))
        if deed not in done.stderr:
            break
        at = done.stderr.splitlines()
        if rows_without_times(shop_move.home) == shop_move.after:
            assert done.code == 0, at
        else:
            assert done.code == 130, at
            assert rows(shop_move.home) == shop_move.pristine.rows, at
            assert "rolled back" in done.stderr or "nothing was written" in done.stderr
        assert not shop_move.cut_off, at
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
        """Send a signal once this chunk is begun; return the exit code and standard error.

        The run goes on meanwhile, but not farther than three chunks.
        """
        gate = Gate(Path(mkdtemp(dir=self.home.path)))
        with start(self.home, *self.words, fault=gate.at(at_chunk + 3, "before intend")) as running:
            running.wait_until(lambda: len(query_journals(self.home, "SELECT * FROM chunk")) >= at_chunk)
            running.send_signal(number)
            gate.open()
            return running.wait(), running.stderr


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(crowded_home(tmp_path / "home"))


def expected(crowd: Crowd) -> Rows:
    """What an uninterrupted run makes of it."""
    assert crowd.home.run(*crowd.words).code == 0
    found = rows_without_times(crowd.home)
    crowd.pristine.restore()
    return found


@pytest.mark.long
def test_killed_at_any_moment_thousands_are_finished_or_taken_back(crowd: Crowd) -> None:
    home, after = crowd.home, expected(crowd)
    before = rows_without_times(home)
    for number, chunk in enumerate((1, 2, 17, 60, 111, 180, 240)):
        code, _ = crowd.stop(signal.SIGKILL, chunk)
        assert code == KILLED, chunk
        way = ("undo", "resume")[number % 2]
        done = run(home, way, "--yes")
        assert done.code == 0, done.stderr
        assert rows_without_times(home) == (after if way == "resume" else before), chunk
        crowd.pristine.restore()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_thousands_are_rolled_back(crowd: Crowd, number: int) -> None:
    for chunk in (1, 111):
        code, said = crowd.stop(number, chunk)
        assert code == 130
        assert "rolled back" in said
        assert rows(crowd.home) == crowd.pristine.rows
        assert [entry["status"] for entry in run(crowd.home, "log", "--json").json] == ["rolled-back"]
        crowd.pristine.restore()


# ------------------------------------------------------------------------------------------ what one is told then


def test_a_run_that_was_cut_off_is_seen_and_comes_first(shop_move: ShopMove) -> None:
    shop_move.kill(fault=WRITTEN)
    home, left = shop_move.home, rows(shop_move.home)
    ((cut_off,),) = query_journals(home, "SELECT id FROM run")
    another = ("move", "--from-dir", "~/src/notes", "--to-dir", shop_move.shop, "--yes")
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
def test_a_session_that_something_else_has_moved_since_is_named(shop_move: ShopMove, chunk: int, way: str) -> None:
    """Which side of the commit its chunk is on can't be told, so nothing is written until it is put back by hand."""
    shop_move.kill(fault=WRITTEN)
    session = query_journals(shop_move.home, "SELECT session FROM change ORDER BY seq")[chunk][0]
    (before,) = shop_move.home.query("SELECT directory FROM session WHERE id = ?", [session])
    shop_move.home.execute("UPDATE session SET directory = '/elsewhere' WHERE id = ?", [session])
    left = rows(shop_move.home)
    done = run(shop_move.home, way, "--yes")
    assert done.code in {1, 5}
    assert session in done.stderr
    assert rows(shop_move.home) == left
    shop_move.home.execute("UPDATE session SET directory = ? WHERE id = ?", [*before, session])
    assert run(shop_move.home, way, "--yes").code == 0
    assert rows_without_times(shop_move.home) == (shop_move.before if way == "undo" else shop_move.after)


def test_a_run_whose_journal_has_lost_its_log_is_taken_back_whole(shop_move: ShopMove) -> None:
    """Somebody has copied the journal without its `-wal`: what it says of the chunks is gone, and rows are not."""
    shop_move.kill(fault=Fault("kill", 2, "after COMMIT"))
    assert shop_move.moved()
    (log,) = (shop_move.home.state / "runs").glob("*-wal")
    log.unlink()
    assert [run["status"] for run in run(shop_move.home, "log", "--json").json] == ["running"]
    taken_back = run(shop_move.home, "undo", "--yes")
    assert taken_back.code == 0, taken_back.stderr
    assert "has lost its end" in taken_back.stdout + taken_back.stderr
    assert "never happened" not in taken_back.stdout
    assert not shop_move.moved()
    assert not shop_move.cut_off


def test_a_tree_that_was_half_there_is_finished_too(shop_move: ShopMove) -> None:
    """The half that was right isn't in the run, which must not take it for newly born."""
    home, child = shop_move.home, session_titled(shop_move.home, "Compare ranking formulas")
    assert run(home, "move", "--from-dir", "~/src/notes", "--to-dir", shop_move.shop, "--yes").code == 0
    there = [root_commit(shop_move.shop), str(shop_move.shop), child]
    home.execute("UPDATE session SET project_id = ?, directory = ?, path = '' WHERE id = ?", there)
    assert shop_move.kill("move", "--from-dir", "~/src/shop-*", "--to-dir", shop_move.shop, "--yes", fault=BEGUN)
    done = run(home, "resume", "--yes")
    assert done.code == 0, done.stderr
    assert len(shop_move.moved()) == 18


@pytest.mark.parametrize("written", [True, False])
def test_a_session_deleted_since_is_named_or_left_out(shop_move: ShopMove, written: bool) -> None:
    """Deleting it was what somebody wanted, be it before its chunk was written or after."""
    shop_move.kill(fault=Fault("kill", 2, "after intend"))
    session = query_journals(shop_move.home, "SELECT session FROM change ORDER BY seq")[0 if written else -1][0]
    shop_move.home.execute("DELETE FROM session WHERE id = ?", [session])
    left = rows(shop_move.home)
    done = run(shop_move.home, "resume", "--yes")
    if done.code == 5:
        assert session in done.stderr
        assert rows(shop_move.home) == left
        assert run(shop_move.home, "undo", "--yes").code == 0
        assert shop_move.moved() == []
    else:
        assert done.code == 0, done.stderr
        assert len(shop_move.moved()) == 16


def test_a_destination_that_went_since_keeps_a_run_from_being_finished(shop_move: ShopMove) -> None:
    shop_move.kill(fault=Fault("kill", 2, "after intend"))
    left = rows(shop_move.home)
    shutil.rmtree(shop_move.shop)
    done = run(shop_move.home, "resume", "--yes")
    assert done.code == 5
    assert str(shop_move.shop) in done.stderr
    assert "opencode-migrator undo " in done.stderr
    assert rows(shop_move.home) == left
    assert run(shop_move.home, "undo", "--yes").code == 0
    assert shop_move.moved() == []


def test_a_child_born_at_the_source_keeps_a_run_from_being_finished(shop_move: ShopMove) -> None:
    """It would be torn from its tree. Taken back, all are together again."""
    shop_move.kill(fault=BEGUN)
    child = add_child(shop_move.home, session_titled(shop_move.home, "Compare ranking formulas"))
    done = run(shop_move.home, "resume", "--yes")
    assert done.code == 5
    assert child in done.stderr
    assert run(shop_move.home, "undo", "--yes").code == 0
    assert shop_move.moved() == []


def test_file_undo_that_arose_at_the_destination_is_detached_when_a_run_is_taken_back(shop_move: ShopMove) -> None:
    """Between the kill and the undo opencode was used: its undo must not act on the destination's files from here."""
    shop_move.kill(fault=WRITTEN)
    home, session, reverted = (
        shop_move.home,
        session_titled(shop_move.home, "Name things better"),
        "Try a trigram index",
    )
    add_patch(home, session, str(shop_move.shop / "README.md"))
    home.execute("UPDATE session SET revert = ? WHERE id IN (?, ?)", [MARKER, session, session_titled(home, reverted)])
    assert run(home, "undo", "--yes").code == 0
    assert directories(home)[session] == str(home.src / "shop-search")
    assert patch_files(home, session) == []
    revert = "SELECT revert FROM session WHERE id IN (?, ?)"
    assert home.query(revert, [session, session_titled(home, reverted)]) == [('{"messageID":"msg_1"}',)] * 2


def test_what_was_born_at_the_destination_goes_back_with_its_tree_when_a_run_is_taken_back(shop_move: ShopMove) -> None:
    shop_move.kill(fault=WRITTEN)
    child = add_child(shop_move.home, session_titled(shop_move.home, "Compare ranking formulas"))
    add_patch(shop_move.home, child, str(shop_move.shop / "README.md"))
    assert run(shop_move.home, "undo", "--yes").code == 0
    assert directories(shop_move.home)[child] == str(shop_move.home.src / "shop-search")
    assert patch_files(shop_move.home, child) == []
