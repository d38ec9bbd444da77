"""The database or the journal is renamed, replaced, deleted or cut short while a run goes on.

Nothing that was written stays then, and nothing is promised. The files really are changed, by another process: this.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault, Gate, run, start
from tests.support.home import MOVE
from tests.support.opencode_2_database import dialect_home
from tests.support.rows import query_journals

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.forked import Finished
    from tests.support.home import Home

WORDS = (*MOVE, "--chunk-size", "9")
SECOND_CHUNK, DONE = (2, "after COMMIT"), (4, "after COMMIT")
AT = pytest.mark.parametrize("at", [SECOND_CHUNK, pytest.param(DONE, marks=pytest.mark.long)], ids=["second", "done"])


@pytest.fixture(params=["v1", pytest.param("v1+v2", marks=pytest.mark.long)])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    home = dialect_home(tmp_path / "home", "real-1.18.34", request.param)
    home.repository("shop", "sub/deep")
    return home


def journal_of(home: Home) -> Path:
    return max((home.state / "runs").glob("*.db"), key=lambda file: file.stat().st_ctime_ns)


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def meanwhile(home: Home, at: tuple[int, str], change: Callable[[], object], *words: str) -> Finished:
    """Run a command, by default the move, and change something while it waits at this point."""
    gate = Gate(home.path)
    with start(home, *(words or WORDS), fault=gate.at(*at)) as running:
        running.wait_until(lambda: gate.is_reached)
        change()
        gate.open()
        return running.finished()


def assert_stopped(done: Finished, *said: str) -> None:
    assert done.code == 1, done.stderr
    assert done.stdout.count("Verified") == done.stdout.count("Take it back") == 0, done.stdout
    for part in said:
        assert part in done.stderr
    assert len(done.stderr.splitlines()[-1]) > 40


def assert_usable(home: Home) -> None:
    """Nothing stands in the way of the next command."""
    assert run(home, *WORDS).code == 0
    assert run(home, "undo", "--yes").code == 0
    assert run(home, "doctor", "--json").json["unfinishedRuns"] == []


# ------------------------------------------------------------------------------------------------------- the journal


def remove(file: Path) -> None:
    file.unlink()


def remove_folder(file: Path) -> None:
    shutil.rmtree(file.parent)


def rename_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name("elsewhere"))


def empty(file: Path) -> None:
    os.truncate(file, 0)


def halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def remove_log(file: Path) -> None:
    log_of(file).unlink()


def empty_log(file: Path) -> None:
    os.truncate(log_of(file), 0)


def replace_by_copy(file: Path) -> None:
    file.with_suffix(".new").write_bytes(file.read_bytes())
    file.with_suffix(".new").replace(file)


def replace_by_other(file: Path) -> None:
    file.with_suffix(".new").write_bytes(b"")
    file.with_suffix(".new").replace(file)


DAILY = (rename_folder, halve, empty_log, replace_by_copy)
OTHERS = (remove, remove_folder, empty, remove_log, replace_by_other)
JOURNAL_CHANGES = [*DAILY, *(pytest.param(change, marks=pytest.mark.long) for change in OTHERS)]


@AT
@pytest.mark.parametrize("change", JOURNAL_CHANGES)
def test_without_its_journal_a_run_takes_everything_back(
    home: Home, change: Callable[[Path], object], at: tuple[int, str]
) -> None:
    before = home.everything()
    done = meanwhile(home, at, lambda: change(journal_of(home)))
    assert_stopped(done, "The journal ", "Everything was rolled back.")
    assert home.everything() == before
    assert [entry["status"] for entry in run(home, "log", "--json").json] in ([], ["rolled-back"], ["running"])
    if query_journals(home, "SELECT * FROM run WHERE status = 'running'"):  # a copy from in between, not our file
        assert change is replace_by_copy
        assert run(home, "undo", "--yes").code == 0
    assert home.everything() == before
    assert_usable(home)


@pytest.mark.parametrize(
    "change", [*DAILY[:2], *(pytest.param(change, marks=pytest.mark.long) for change in DAILY[2:])]
)
@pytest.mark.parametrize("way", ["undo", pytest.param("resume", marks=pytest.mark.long)])
def test_without_its_journal_a_run_that_was_cut_off_is_taken_back(
    home: Home, change: Callable[[Path], object], way: str
) -> None:
    before = home.everything()
    run(home, *WORDS, fault=Fault("kill", 2, "after intend"))
    done = meanwhile(home, (2, "after COMMIT"), lambda: change(journal_of(home)), way, "--yes")
    assert_stopped(done, "The journal ", "Everything was rolled back.")
    assert home.everything() == before
    if query_journals(home, "SELECT * FROM run WHERE status IN ('running', 'rolling-back')"):
        assert change is replace_by_copy
        assert run(home, "undo", "--yes").code == 0
    assert_usable(home)


@AT
def test_without_its_journal_an_undo_leaves_everything_moved(home: Home, at: tuple[int, str]) -> None:
    assert run(home, *WORDS).code == 0
    moved = home.everything()
    done = meanwhile(home, at, lambda: journal_of(home).unlink(), "undo", "--yes", "--chunk-size", "9")
    assert_stopped(done, "The journal ", "Everything was rolled back.")
    assert home.everything() == moved
    assert run(home, "undo", "--yes").code == 0


# ------------------------------------------------------------------------------------------------------ the database


def rename(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def replace_by(file: Path, other: Path) -> None:
    shutil.copy(other, file.with_name("new"))
    file.with_name("new").replace(file)


@AT
@pytest.mark.parametrize("change", [rename, remove, remove_log])
def test_a_database_that_goes_is_as_before_wherever_it_is(
    home: Home, change: Callable[[Path], object], at: tuple[int, str]
) -> None:
    before = home.everything()
    backup = shutil.copy(home.database, home.path)
    done = meanwhile(home, at, lambda: change(home.database))
    assert_stopped(done, str(home.database), "was moved or deleted", "was taken back")
    if change is rename:
        home.database.with_name("elsewhere.db").rename(home.database)
    elif change is remove:
        assert not home.database.exists()
        shutil.copy(backup, home.database)
    assert home.everything() == before
    ((run_id,),) = query_journals(home, "SELECT id FROM run")
    assert f"opencode-migrator undo {run_id}" in done.stderr
    assert run(home, "doctor", "--json").json["unfinishedRuns"] == [run_id]
    assert run(home, "undo", "--yes").code == 0
    assert home.everything() == before
    assert_usable(home)


@AT
@pytest.mark.parametrize("way", ["move", "undo", "resume", "undo of a run that was cut off"])
def test_a_database_that_is_replaced_is_not_touched_and_neither_is_the_one_before(
    home: Home, at: tuple[int, str], way: str
) -> None:
    """Not by what waits in the log either, which SQLite leaves where the new one would take it for its own."""
    backup = Path(shutil.copy(home.database, home.path))
    before = home.everything()
    words: tuple[str, ...] = WORDS
    if way == "undo":
        assert run(home, *WORDS).code == 0
        words = ("undo", "--yes", "--chunk-size", "9")
    elif way != "move":
        run(home, *WORDS, fault=Fault("kill", 2, "after intend"))
        words = (way.split(maxsplit=1)[0], "--yes")
        at = (1, "after COMMIT")
    found = home.everything()
    kept = home.path / "kept.db"

    def replace() -> None:
        os.link(home.database, kept)
        replace_by(home.database, backup)

    done = meanwhile(home, at, replace, *words)
    assert_stopped(done, f"{home.database} was replaced by another file", "was taken back")
    assert home.everything() == before
    home.database.unlink()
    log_of(home.database).unlink(missing_ok=True)
    kept.rename(home.database)
    assert home.everything() == (before if way != "undo" else found)
    assert run(home, "undo", "--yes").code == 0
    assert home.everything() == (before if way != "undo" else found)
    assert run(home, *(("undo", "--yes") if way == "undo" else ("doctor",))).code == 0
    assert home.everything() == before
    assert_usable(home)


@AT
@pytest.mark.parametrize("part", [0])
def test_a_database_the_log_of_which_is_cut_short_is_as_before_after_an_undo(
    home: Home, at: tuple[int, str], part: float
) -> None:
    """What SQLite has not read of it is lost, so we may not be able to go on; a fresh start is."""
    before = home.everything()
    log = log_of(home.database)
    done = meanwhile(home, at, lambda: os.truncate(log, int(log.stat().st_size * part)))
    assert_stopped(done, f"{log} was cut short", "opencode-migrator undo ")
    assert run(home, "undo", "--yes").code == 0
    assert home.everything() == before
    assert_usable(home)
