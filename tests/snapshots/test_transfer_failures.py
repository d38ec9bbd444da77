"""What goes wrong on the way leaves the target as it was and ends in one sentence; what was killed is cleared up."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError
from migrator.snapshots.repositories.transfer import carry
from tests.snapshots.test_transfer import Cargo, cargo_in
from tests.support.carry_process import Carrying, Trouble, everything_below
from tests.support.git import git

if TYPE_CHECKING:
    from tests.support.faults import Steps
    from tests.support.undo_world import World

LEFT = "opencode-migrator-incoming-"


@pytest.fixture
def cargo(world: World) -> Cargo:
    return cargo_in(world)


@pytest.fixture
def begun(cargo: Cargo) -> Cargo:
    """The target is there, and has one of the trees."""
    carry(cargo.route, cargo.trees[:1])
    return cargo


def refused(cargo: Cargo) -> str:
    """Carry, in vain: one sentence that says what to do, and the target is as it was."""
    before = everything_below(cargo.target)
    with pytest.raises(MigratorError) as error:
        carry(cargo.route, cargo.trees)
    assert everything_below(cargo.target) == before
    said = str(error.value)
    assert said.startswith(f"The snapshots that file undo needs can't be carried to {cargo.target} (")
    assert said.endswith("nothing was moved. Fix that, or move without file undo: --undo-files detach.")
    assert "\n" not in said
    return said


def test_a_missing_object(begun: Cargo) -> None:
    tree = begun.trees[2]
    (Path(begun.route.source) / "objects" / tree[:2] / tree[2:]).unlink()
    assert "rev-list" in refused(begun)


def test_a_damaged_file(begun: Cargo) -> None:
    """Nothing tells before its content is read."""
    loose = (Path(begun.route.source) / "objects").glob("??/*")
    damage(max(loose, key=lambda file: file.stat().st_size))
    refused(begun)


def test_a_damaged_pack(begun: Cargo) -> None:
    source = Path(begun.route.source)
    pack_everything(begun)
    (pack,) = (source / "objects/pack").glob("*.pack")
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    pack.write_bytes(content)
    refused(begun)


def pack_everything(cargo: Cargo) -> None:
    source = Path(cargo.route.source)
    for tree in cargo.trees:
        commit = git(source, "commit-tree", "-m", "x", tree)
        git(source, "update-ref", f"refs/heads/{tree}", commit)
    git(source, "repack", "-adq")
    git(source, "prune")


def damage(file: Path) -> None:
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-8] + bytes(8))


def test_a_damaged_pack_of_an_earlier_run_is_not_relied_upon(begun: Cargo) -> None:
    (pack,) = begun.packs
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[30:60] = bytes(30)
    pack.write_bytes(content)
    carry(begun.route, begun.trees)
    assert begun.arrived() == set(begun.trees)


@pytest.mark.parametrize("what", ["objects/pack", "objects"])
def test_a_target_that_cannot_be_written(begun: Cargo, what: str) -> None:
    directory = begun.target / what
    shutil.rmtree(directory)
    directory.write_text("a file where a directory should be\n")
    refused(begun)


def test_a_target_of_somebody_else(begun: Cargo) -> None:
    """The directory may be read and not written to."""
    begun.target.chmod(0o555)
    before = everything_below(begun.target)
    code, said = Carrying(begun.route, begun.trees, Trouble(unprivileged=True)).end()
    begun.target.chmod(0o755)
    assert code == 1
    assert "Permission denied" in said
    assert everything_below(begun.target) == before


@pytest.mark.parametrize("room", [10, 200, 700])
def test_a_full_disk(begun: Cargo, room: int) -> None:
    before = everything_below(begun.target)
    code, said = Carrying(begun.route, begun.trees, Trouble(room=room)).end()
    assert code == 1
    assert "can't be carried" in said
    assert "SIGXFSZ" in said or "File too large" in said
    assert everything_below(begun.target) == before
    carry(begun.route, begun.trees)
    assert begun.arrived() == set(begun.trees)


def test_a_full_disk_before_the_target_is_there(cargo: Cargo) -> None:
    code, _ = Carrying(cargo.route, cargo.trees, Trouble(room=10)).end()
    assert code == 1
    assert not cargo.target.exists()
    carry(cargo.route, cargo.trees)
    assert cargo.arrived() == set(cargo.trees)


# ------------------------------------------------------------------------------------------------------- kill -9


def test_killed_at_any_point_it_leaves_nothing_that_git_would_take_for_whole(
    cargo: Cargo, world: World, steps: Steps
) -> None:
    snapshots, pristine = world.data / "snapshot", world.path / "pristine"
    shutil.copytree(snapshots, pristine)
    for number in steps():
        code, _ = Carrying(cargo.route, cargo.trees, Trouble(kill_at=number)).end()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        if cargo.target.exists():
            assert (cargo.target / "HEAD").read_text().startswith("ref: ")
            assert (cargo.target / "objects/info/alternates").read_text()
            assert (cargo.target / "index").stat().st_size
        for index in cargo.target.glob("objects/pack/*.idx"):
            assert index.with_suffix(".pack").exists(), number
            assert index.with_suffix(".keep").exists(), number
            assert cargo.arrived() == set(cargo.trees)
        carry(cargo.route, cargo.trees)
        assert cargo.arrived() == set(cargo.trees), number
        assert len(cargo.packs) == 1, number
        assert not list(snapshots.rglob(f"{LEFT}*")), number
        shutil.rmtree(snapshots)
        shutil.copytree(pristine, snapshots)
    assert number > 30


def test_a_pack_without_its_index_is_taken_away_by_the_next_run(begun: Cargo) -> None:
    """Killed in the moment between its files; git doesn't look at it, and it would lie there for ever."""
    left = begun.target / "objects/pack" / f"pack-{'1' * 40}.pack"
    left.write_bytes(b"PACK")
    left.with_suffix(".keep").write_text("opencode-migrator\n")
    others = begun.target / "objects/pack" / f"pack-{'2' * 40}.keep"
    others.write_text("somebody else's\n")
    carry(begun.route, begun.trees)
    assert not left.exists()
    assert not left.with_suffix(".keep").exists()
    assert others.exists()


@pytest.mark.long
def test_two_at_once_do_not_hurt_each_other(cargo: Cargo, world: World) -> None:
    for _ in range(4):
        shutil.rmtree(cargo.target, ignore_errors=True)
        both = [Carrying(cargo.route, trees) for trees in (cargo.trees[:3], cargo.trees[1:])]
        assert [one.end() for one in both] == [(0, ""), (0, "")]
        assert cargo.arrived() == set(cargo.trees)
        assert not list((world.data / "snapshot").rglob(f"{LEFT}*"))
