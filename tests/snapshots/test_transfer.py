"""Objects arrive as one kept pack that needs nobody else's, and a second time nothing is copied again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.snapshots.git.trees import complete_trees
from migrator.snapshots.repositories.route import SnapshotRoute
from migrator.snapshots.repositories.transfer import carry
from tests.support.git import commit, git
from tests.support.undo_world import World, linked, state, write

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cargo(NamedTuple):
    """A route to a linked worktree, and trees of the source."""

    route: SnapshotRoute
    trees: list[str]

    @property
    def target(self) -> Path:
        return Path(self.route.target)

    @property
    def packs(self) -> list[Path]:
        return sorted((self.target / "objects/pack").glob("*.pack"))

    def arrived(self) -> set[str]:
        """Those of the trees that are whole in the target without what it borrows."""
        borrowed = self.target / "objects/info/alternates"
        kept = borrowed.read_bytes()
        borrowed.unlink()
        try:
            return complete_trees(str(self.target), self.trees)
        finally:
            borrowed.write_bytes(kept)


def cargo_in(world: World) -> Cargo:
    source = world.repository(kept="kept\n", sub__deep="deep\n")
    snapshots = world.snapshots(source)
    trees = []
    for number in range(4):
        write(source / "new" / f"{number}.txt", f"{number}\n" * 400)
        trees.append(str(snapshots.track()))
    target = linked(source)
    to = world.snapshots(target).git_dir
    return Cargo(
        SnapshotRoute(str(snapshots.git_dir), str(to), str(source), str(target), f"{source}/.git/objects"), trees
    )


@pytest.fixture
def cargo(world: World) -> Iterator[Cargo]:
    found = cargo_in(world)
    yield found
    assert not list(world.data.rglob("opencode-migrator-incoming-*")), "something was left behind"


def test_all_of_it_arrives_in_one_kept_pack(cargo: Cargo) -> None:
    carry(cargo.route, cargo.trees)
    assert cargo.arrived() == set(cargo.trees)
    (pack,) = cargo.packs
    assert pack.with_suffix(".keep").read_text().strip() == "opencode-migrator"
    assert git(cargo.target, "fsck", "--full", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("name", ["a\rb", "a\nb", "a\x0bb", "a\u2028b", "Icon\r", " a "])
def test_so_do_files_with_what_ends_a_line_elsewhere(cargo: Cargo, world: World, name: str) -> None:
    write(Path(cargo.route.source_worktree) / name, "of a Mac\n")
    tree = str(world.snapshots(Path(cargo.route.source_worktree)).track())
    carry(cargo.route, [tree])
    assert Cargo(cargo.route, [tree]).arrived() == {tree}


def test_it_stays_whatever_is_collected(cargo: Cargo) -> None:
    carry(cargo.route, cargo.trees)
    for file in Path(cargo.route.source).rglob("*"):
        if file.is_file():
            file.unlink()
    for repository in (Path(cargo.route.source_worktree), cargo.target):
        git(repository, "gc", "--quiet", "--prune=now")
    assert cargo.arrived() == set(cargo.trees)


def test_a_second_time_nothing_is_copied(cargo: Cargo) -> None:
    carry(cargo.route, cargo.trees)
    before = {file: file.stat() for file in cargo.target.rglob("*")}
    carry(cargo.route, cargo.trees)
    assert {file: file.stat() for file in cargo.target.rglob("*") if file != cargo.target}.keys() == before.keys()
    assert len(cargo.packs) == 1


def test_only_what_is_new_is_copied(cargo: Cargo) -> None:
    carry(cargo.route, cargo.trees[:2])
    (first,) = cargo.packs
    carry(cargo.route, cargo.trees)
    (second,) = set(cargo.packs) - {first}
    assert cargo.arrived() == set(cargo.trees)
    assert len(objects(second)) == 2 * 3  # two trees, each with a directory and a file in it that the others don't have


def objects(pack: Path) -> list[str]:
    listed = git(pack.parent, "verify-pack", "-v", pack)
    return [line for line in listed.splitlines() if " blob " in line or " tree " in line]


def test_loose_and_borrowed_objects_do_not_count_as_kept(world: World, cargo: Cargo) -> None:
    """opencode's own would be pruned a week later, and the worktree's when its repository is tidied."""
    write(Path(cargo.route.target_worktree, "new/0.txt"), "0\n" * 400)
    assert world.snapshots(Path(cargo.route.target_worktree)).track() == cargo.trees[0]
    carry(cargo.route, cargo.trees[:1])
    assert len(cargo.packs) == 1
    assert cargo.arrived() & {cargo.trees[0]}


def test_within_one_repository_nothing_is_copied(cargo: Cargo) -> None:
    before = state(Path(cargo.route.source))
    carry(cargo.route._replace(target=cargo.route.source), cargo.trees)
    assert state(Path(cargo.route.source)) == before


def test_what_the_source_borrows_from_a_renamed_worktree_is_found(world: World, cargo: Cargo) -> None:
    commit(Path(cargo.route.source_worktree))
    renamed = Path(cargo.route.source_worktree).rename(world.repos / "renamed")
    target = str(world.snapshots(renamed).git_dir)
    route = cargo.route._replace(target=target, target_worktree=str(renamed), target_objects=f"{renamed}/.git/objects")
    carry(route, cargo.trees)
    assert Cargo(route, cargo.trees).arrived() == set(cargo.trees)
    git(renamed, "worktree", "prune")


def test_it_begins_as_opencode_would_have_begun_it(world: World, cargo: Cargo) -> None:
    """See tests/real/test_carry.py for the same with the real one."""
    carry(cargo.route, cargo.trees)
    worktree = Path(cargo.route.target_worktree)
    ours = state(cargo.target)
    cargo.target.rename(cargo.target.with_name("ours"))
    world.snapshots(worktree).create()
    theirs = state(cargo.target)
    theirs |= {"index": ("file", Path(git(worktree, "rev-parse", "--git-path", "index")).read_bytes())}
    different = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    assert {name for name in different if not name.startswith("objects/pack/")} == set()
    git(cargo.target.with_name("ours"), "--work-tree", str(worktree), "status")


def test_a_main_worktree_s_index_is_no_other_worktree_s(world: World) -> None:
    """A session of a sub-directory would else have main's files written over its worktree's by a redo."""
    source = world.repository(outside="main's\n", sub__file="x\n")
    tree = linked(source)
    write(tree / "outside", "the other branch's\n")
    commit(tree)
    snapshots = world.snapshots(source)
    trees = [str(snapshots.track())]
    target = world.snapshots(tree / "sub")
    carry(
        SnapshotRoute(str(snapshots.git_dir), str(target.git_dir), str(source), str(tree), f"{source}/.git/objects"),
        trees,
    )
    before = state(tree)
    target.restore(str(target.track()))
    assert state(tree) == before
