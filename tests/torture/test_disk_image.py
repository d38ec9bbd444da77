"""The images of the disk are those of a power cut: a recording that misses a write would only look safe."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.support.git import sub_directory
from tests.support.required import or_skipped
from tests.torture.disk_image import Disk, Step, steps
from tests.torture.home import WORLDS, tortured
from tests.torture.preloaded import run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long


def contents(root: Path) -> dict[str, bytes]:
    """Every file but those that SQLite makes anew."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.mark.parametrize("world", WORLDS)
def test_with_nothing_lost_the_disk_is_as_the_run_left_it(world: str, tmp_path: Path) -> None:
    scene = tortured(sub_directory(tmp_path / "try"), world)
    local = scene.home.path / ".local"
    disk = Disk(local)
    with or_skipped("the library"):
        assert run(scene.home, *scene.move, record=tmp_path / "record").done.code == 0
    left = contents(local)
    disk.make(steps(tmp_path / "record"))
    disk.write_after_a_cut("none", Random(1))
    assert contents(local) == left


def test_only_what_was_synced_is_sure(tmp_path: Path) -> None:
    """A file that is synced has its name; a rename is sure once the directory is synced."""
    root = sub_directory(tmp_path / "root")
    one, two = str(root / "one"), str(root / "two")
    made = [Step("create", 0, one, b""), Step("write", 0, one, b"old"), Step("sync", 0, one, b"")]
    made += [Step("write", 0, one, b"new"), Step("rename", 0, one, two.encode())]
    for more, left in (([], {"one": b"old"}), ([Step("sync", 0, str(root), b"")], {"two": b"old"})):
        disk = Disk(root)
        disk.make([*made, *more])
        disk.write_after_a_cut("all", Random(1))
        assert contents(root) == left
        (root / next(iter(left))).unlink()
