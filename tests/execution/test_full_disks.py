"""What is said where a disk is full, and where the folder of journals fails; what holds however full it is is a round.

See tests/torture/full_disks.py.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Gate, run
from tests.support.full_disk import small_disks
from tests.support.home import MOVE
from tests.support.required import or_skipped
from tests.support.rows import Pristine
from tests.torture import preloaded
from tests.torture.home import two_homes
from tests.torture.preloaded import Calls, Deed, Strike

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

SIZE = 64 << 20


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


@pytest.mark.parametrize("name", ["database", "state"])
def test_too_little_space_is_said_before_anything_is_written(home: Home, name: str) -> None:
    data, state = home.database.parent, home.state
    full: Path = {"database": data, "state": state}[name]
    before = home.everything()
    with or_skipped("a small disk"), small_disks(home, SIZE, data, state) as disks:
        disks.leave_free(full, 200_000)
        done = disks.run(*MOVE)
        assert disks.run("log", "--json").json == []
        disks.copy_back()
    assert done.code == 1
    said = re.search(r"needs ([\d.]+) MB on the file system of (\S+), and only ([\d.]+) MB is free", done.stderr)
    assert said, done.stderr
    assert float(said[1]) < 5
    assert said[2].startswith(str(full))
    assert said[3] == "0.2"
    assert "Nothing was written." in done.stderr
    assert home.everything() == before
    assert run(home, *MOVE).code == 0


@pytest.mark.parametrize("where", [".", "tool-output"])
def test_files_that_come_along_in_a_merge_are_counted_before(tmp_path: Path, where: str) -> None:
    """Also where they go to a file system of their own."""
    home, words = two_homes(tmp_path)
    (output,) = tmp_path.glob("other/**/tool_22a")
    with output.open("r+b") as file:
        file.truncate(80_000_000)
    full = home.database.parent / where
    with or_skipped("a small disk"), small_disks(home, SIZE, full) as disks:
        done = disks.run(*words)
        assert disks.run("log", "--json").json == []
    said = re.search(r"needs ([\d.]+) MB on the file system of (\S+), and only ([\d.]+) MB is free", done.stderr)
    assert said, done.stderr
    assert float(said[1]) >= 80
    assert said[2] == str(full.resolve())
    assert "Nothing was written." in done.stderr


def test_a_disk_that_fills_up_in_a_run_leaves_space_to_take_it_back(home: Home) -> None:
    before, gate = home.everything(), Gate(home.path)
    with or_skipped("a small disk"), small_disks(home, SIZE, home.path / ".local") as disks:
        with disks.start([*MOVE, "--chunk-size", "4"], gate.at(3, "after COMMIT").lay) as running:
            running.wait_until(lambda: gate.is_reached)
            disks.leave_free(home.path / ".local", 0)
            gate.open()
            done = running.finished()
        beside = {path.name for path in disks.seen(home.database.parent).iterdir()}
        disks.copy_back()
    assert done.code == 1
    assert "full" in done.stderr
    assert "Everything was rolled back." in done.stderr
    assert home.everything() == before
    assert [entry["status"] for entry in run(home, "log", "--json").json] == ["rolled-back"]
    assert beside == {home.database.name}


@pytest.mark.long
@pytest.mark.parametrize(("deed", "calls"), [(Deed.EIO, Calls.CHANGES), (Deed.ENOSPC, Calls.NEED_ROOM)])
def test_a_folder_of_journals_that_fails_leaves_no_run(home: Home, deed: Deed, calls: Calls) -> None:
    """At any call below it, the sync of the folder itself included, which comes after the run is in its journal."""
    before, pristine, runs = home.everything(), Pristine(home), home.state / "runs"
    struck_at = []
    for call in count(1):
        with or_skipped("strikes at system calls"):
            struck = preloaded.run(home, *MOVE, strike=Strike(call, deed, calls, below=str(runs)))
        if not struck.where:
            break
        struck_at.append(struck.where)
        assert struck.done.code in {0, 1}, (struck.where, struck.done.stderr)
        if struck.done.code:
            assert home.everything() == before, struck.where
            assert {entry["status"] for entry in run(home, "log", "--json").json} <= {"rolled-back"}, struck.where
            assert run(home, *MOVE).code == 0, struck.where
        pristine.restore()
    assert deed is Deed.ENOSPC or f"fsync {runs}" in struck_at
