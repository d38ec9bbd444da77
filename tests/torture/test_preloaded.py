"""The library really strikes: a harness whose faults don't happen would find nothing, and prove nothing."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.git import sub_directory
from tests.support.required import or_skipped
from tests.support.rows import rows_without_times
from tests.torture.home import CARRIED, Tortured, tortured
from tests.torture.preloaded import Calls, Deed, Strike, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


@pytest.fixture
def scene(tmp_path: Path) -> Tortured:
    with or_skipped("the library"):
        scene = tortured(sub_directory(tmp_path / "try"), "v1")
        run(scene.home, "--version")
        return scene


def test_a_struck_call_is_the_last(scene: Tortured) -> None:
    """Every call of the move can be struck, and none comes after a kill."""
    struck = run(scene.home, *scene.move, strike=Strike(60, Deed.KILL, Calls.WRITES))
    assert struck.done.code == -signal.SIGKILL
    assert struck.calls == 60
    assert str(scene.home.path) in struck.where


@pytest.mark.parametrize(("deed", "said"), [(Deed.EIO, "disk I/O error"), (Deed.ENOSPC, "disk is full")])
def test_a_call_that_fails_is_told(scene: Tortured, deed: Deed, said: str) -> None:
    strike = Strike(3, deed, Calls.NEED_ROOM, always=True, below=str(scene.home.database) + "-wal")
    struck = run(scene.home, *scene.move, strike=strike)
    assert struck.where == f"write {scene.home.database}-wal"
    assert struck.done.code == 1
    assert said in struck.done.stderr


def test_a_disk_that_cannot_be_read_is_not_taken_for_a_damaged_file(scene: Tortured) -> None:
    """SQLite says the same of both."""
    strike = Strike(20, Deed.EIO, Calls.READS, always=True, below=str(scene.home.database))
    done = run(scene.home, *scene.move, strike=strike).done
    assert done.code == 1
    assert "or its disk can't be read" in done.stderr
    assert rows_without_times(scene.home) == scene.before


def test_half_of_a_write_is_on_the_disk(scene: Tortured) -> None:
    log = scene.home.database.with_name("opencode.db-wal")
    struck = run(scene.home, *scene.move, strike=Strike(4, Deed.TEAR, Calls.NEED_ROOM, below=str(log)))
    assert struck.done.code == -signal.SIGKILL
    assert log.stat().st_size == 32 + 24 // 2  # the log's head, and half of a frame's


def test_the_gits_are_struck_too(tmp_path: Path) -> None:
    with or_skipped("the library"):
        scene = tortured(sub_directory(tmp_path / "try"), CARRIED)
        snapshots = scene.home.database.with_name("snapshot")
        struck = run(scene.home, *scene.move, strike=Strike(40, Deed.ENOSPC, Calls.NEED_ROOM, True, str(snapshots)))
    assert "opencode-migrator-incoming" in struck.where
    assert struck.done.code == 1
    assert "No space left on device" in struck.done.stderr


def test_without_a_strike_nothing_happens(scene: Tortured) -> None:
    struck = run(scene.home, *scene.move)
    assert struck.done.code == 0
    assert (struck.calls > 300, struck.where) == (True, "")
