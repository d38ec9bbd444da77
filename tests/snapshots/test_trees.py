"""A tree is whole if every object below it is there; a damaged object counts as missing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from migrator.snapshots.git.run import with_alternates
from migrator.snapshots.git.trees import TreeEntry, Trees, complete_trees
from tests.support.git import git
from tests.support.undo_world import write


class Forest(NamedTuple):
    """Two trees, which have a directory in common, all of it loose."""

    git_dir: str
    one: str
    two: str

    def file(self, name: str) -> Path:
        """Where an object lies: `one:d/a`, or a hash."""
        hash_ = git(Path(self.git_dir), "rev-parse", name)
        return Path(self.git_dir, "objects", hash_[:2], hash_[2:])


@pytest.fixture
def forest(tmp_path: Path) -> Forest:
    git(tmp_path, "init", "-q")
    write(tmp_path / "common/deep/file", "common\n")
    trees = []
    for name in ("one", "two"):
        write(tmp_path / "own/file", f"{name}\n")
        git(tmp_path, "add", "--all")
        trees.append(git(tmp_path, "write-tree"))
    return Forest(str(tmp_path / ".git"), *trees)


def test_trees_that_are_whole(forest: Forest) -> None:
    assert complete_trees(forest.git_dir, [forest.one, forest.two]) == {forest.one, forest.two}


@pytest.mark.parametrize("name", ["", "0" * 40, "HEAD", "--all", "abc", "\n", "ü" * 40])
def test_names_of_nothing_are_no_trees(forest: Forest, name: str) -> None:
    assert complete_trees(forest.git_dir, [forest.one, name]) == {forest.one}


def test_a_file_is_no_tree(forest: Forest) -> None:
    blob = git(Path(forest.git_dir), "rev-parse", f"{forest.one}:own/file")
    assert complete_trees(forest.git_dir, [blob, forest.one]) == {forest.one}


@pytest.mark.parametrize("path", ["", "own", "own/file"])
def test_a_tree_with_a_hole_is_not_whole(forest: Forest, path: str) -> None:
    forest.file(f"{forest.one}:{path}").unlink()
    assert complete_trees(forest.git_dir, [forest.one, forest.two]) == {forest.two}


@pytest.mark.parametrize("path", ["common", "common/deep", "common/deep/file"])
def test_a_hole_in_what_they_have_in_common(forest: Forest, path: str) -> None:
    forest.file(f"{forest.one}:{path}").unlink()
    assert complete_trees(forest.git_dir, [forest.one, forest.two]) == set()


@pytest.mark.parametrize("path", ["", "own"])
def test_a_damaged_directory_is_as_good_as_gone(forest: Forest, path: str) -> None:
    file = forest.file(f"{forest.one}:{path}")
    file.chmod(0o600)
    file.write_bytes(b"garbage")
    assert forest.one not in complete_trees(forest.git_dir, [forest.one, forest.two])
    with Trees(forest.git_dir) as trees:
        assert trees.entry(forest.one, "own/file") is None
        assert trees.entry(forest.two, "own/file") is not None


def test_what_is_borrowed_counts(forest: Forest, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "borrower.git")
    borrower = str(tmp_path / "borrower.git")
    assert complete_trees(borrower, [forest.one]) == set()
    assert complete_trees(borrower, [forest.one], with_alternates(f"{forest.git_dir}/objects")) == {forest.one}


def test_a_submodule_is_somebody_elses(forest: Forest) -> None:
    raw = Path(forest.git_dir, "raw")
    raw.write_bytes(b"160000 module\0" + bytes.fromhex("1" * 40))
    tree = git(Path(forest.git_dir), "hash-object", "-w", "-t", "tree", str(raw))
    assert complete_trees(forest.git_dir, [tree]) == {tree}
    forest.file(f"{forest.one}:own").unlink()  # with something missing, it takes the other way to tell
    assert complete_trees(forest.git_dir, [tree, forest.one]) == {tree}


def test_what_a_tree_holds(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "d/ü\n", "odd\n")
    write(tmp_path / "run", "#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("run")
    git(tmp_path, "add", "--all")
    tree = git(tmp_path, "write-tree")
    blob = {name: git(tmp_path, "rev-parse", f"{tree}:{name}") for name in ("run", "link", "d/ü\n")}
    with Trees(str(tmp_path / ".git")) as trees:
        assert dict(trees.files(tree)) == {
            "d/ü\n": TreeEntry("100644", blob["d/ü\n"]),
            "link": TreeEntry("120000", blob["link"]),
            "run": TreeEntry("100755", blob["run"]),
        }
        assert trees.entry(tree, "run/below") is None
        assert trees.entry(tree, "missing") is None
