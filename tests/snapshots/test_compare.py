"""A file is the same in two worktrees, or in a snapshot and a worktree, only where nobody could tell the difference."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from migrator.snapshots.git.trees import Trees
from migrator.snapshots.repositories.compare import relative_path, same_as_snapshot, same_in_both
from tests.support.git import git, repository
from tests.support.snapshot_port import Snapshots
from tests.support.undo_world import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Same = Callable[[str], bool]


class Pair(NamedTuple):
    source: Path
    target: Path
    data: Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    for name in ("source", "target"):
        git(repository(tmp_path / name), "rm", "-q", "file.txt")
    return Pair(tmp_path / "source", tmp_path / "target", tmp_path / "data")


@pytest.fixture(params=["source exists", "source is gone"])
def same(pair: Pair, request: pytest.FixtureRequest) -> Same:
    """`same(path)`: of the files as they are now, or of a snapshot of what the source is now."""

    def _same(path: str) -> bool:
        if request.param == "source exists":
            return same_in_both(str(pair.source), str(pair.target), [path]) == {path}
        snapshots = Snapshots(pair.data, "project", str(pair.source), str(pair.source))
        tree = snapshots.track()
        assert tree is not None
        with Trees(str(snapshots.git_dir)) as trees:
            found = same_as_snapshot(trees, str(snapshots.git_dir), str(pair.target), [(tree, path)])
        return found == {(tree, path)}

    return _same


def in_both(pair: Pair, path: str, content: str | bytes, other: str | bytes | None = None) -> None:
    write(pair.source / path, content)
    write(pair.target / path, content if other is None else other)


NAMES = ("a", "d/e/f", "ü", "e\u0301", "with space", " led", "-x", "[id]", "*", "a:b", "#", "~", "😀", "$(x)", "it's")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_content_under_any_name(pair: Pair, same: Same, name: str) -> None:
    in_both(pair, name, "content\n")
    assert same(name)


@pytest.mark.parametrize("other", ["Content\n", "content", "content\r\n", ""])
def test_another_content(pair: Pair, same: Same, other: str) -> None:
    in_both(pair, "file", "content\n", other)
    assert not same("file")


def test_content_of_any_kind_and_size(pair: Pair, same: Same) -> None:
    content = os.urandom(1_500_000)
    in_both(pair, "file", content)
    assert same("file")
    in_both(pair, "file", content, content[:-1] + bytes([content[-1] ^ 1]))
    assert not same("file")


def test_missing_on_both_sides(pair: Pair, same: Same) -> None:
    (pair.source / "only-here").mkdir()
    write(pair.source / "full/other", "")
    write(pair.target / "full-there/other", "")
    for path in ("file", "no/such/directory", "only-here/file", "full/file", "full-there/file"):
        assert same(path), path


@pytest.mark.parametrize("missing_in", ["source", "target"])
def test_missing_on_one_side(pair: Pair, same: Same, missing_in: str) -> None:
    write((pair.target if missing_in == "source" else pair.source) / "d/file", "content\n")
    assert not same("d/file")


def test_a_file_in_the_way_on_one_side_would_be_taken_away_by_the_undo(pair: Pair, same: Same) -> None:
    write(pair.target / "d", "a file where the turn knew a directory\n")
    assert not same("d/file")


def test_a_file_in_the_way_is_not_the_file_behind_it(pair: Pair, same: Same) -> None:
    write(pair.source / "d", "content\n")
    write(pair.target / "d/file", "content\n")
    assert not same("d/file")


def test_the_same_file_in_the_way_on_both_sides(pair: Pair, same: Same) -> None:
    in_both(pair, "d", "a file\n")
    assert same("d/file")
    in_both(pair, "d", "a file\n", "another\n")
    assert not same("d/file")


def test_a_directory_is_not_a_file(pair: Pair, same: Same) -> None:
    write(pair.source / "d", "a file\n")
    write(pair.target / "d/file", "in a directory\n")
    assert not same("d")
    write(pair.source / "e/file", "in a directory\n")
    (pair.target / "e").mkdir()
    assert not same("e")


def test_links_are_the_same_where_they_say_the_same(pair: Pair, same: Same) -> None:
    for directory in (pair.source, pair.target):
        (directory / "link").symlink_to("nowhere")
    (pair.source / "other").symlink_to("here")
    (pair.target / "other").symlink_to("there")
    assert same("link")
    assert not same("other")


@pytest.mark.parametrize("link_in", ["source", "target"])
def test_a_link_is_not_the_file_that_it_leads_to(pair: Pair, same: Same, link_in: str) -> None:
    in_both(pair, "file", "content\n")
    in_both(pair, "original", "content\n")
    linking = pair.source if link_in == "source" else pair.target
    (linking / "file").unlink()
    (linking / "file").symlink_to("original")
    assert not same("file")


def test_a_link_on_the_way_would_let_an_undo_out_of_the_worktree(pair: Pair, same: Same, tmp_path: Path) -> None:
    in_both(pair, "real/file", "content\n")
    write(tmp_path / "outside/file", "content\n")
    write(pair.source / "d/file", "content\n")
    (pair.target / "d").symlink_to(tmp_path / "outside")
    assert not same("d/file")


def test_a_program_is_not_a_mere_file(pair: Pair, same: Same) -> None:
    in_both(pair, "run.sh", "#!/bin/sh\n")
    (pair.target / "run.sh").chmod(0o755)
    assert not same("run.sh")
    (pair.source / "run.sh").chmod(0o700)  # whether others may run it is nothing that git keeps
    assert same("run.sh")


def test_line_ends_count_as_git_stores_them(pair: Pair) -> None:
    """Where the source is gone, its snapshot has what the filters of its attributes let through."""
    for directory in (pair.source, pair.target):
        write(directory / ".gitattributes", "*.txt text\n")
    in_both(pair, "a.txt", "one\r\ntwo\r\n", "one\ntwo\n")
    in_both(pair, "a.bin", "one\r\ntwo\r\n", "one\ntwo\n")
    snapshots = Snapshots(pair.data, "project", str(pair.source), str(pair.source))
    tree = str(snapshots.track())
    wanted = [(tree, "a.txt"), (tree, "a.bin")]
    with Trees(str(snapshots.git_dir)) as trees:
        assert same_as_snapshot(trees, str(snapshots.git_dir), str(pair.target), wanted) == {(tree, "a.txt")}
    assert same_in_both(str(pair.source), str(pair.target), ["a.txt", "a.bin"]) == set()


def test_a_large_file_is_in_no_snapshot(pair: Pair) -> None:
    """opencode leaves out new files of more than 2 MiB, so nobody knows what became of it where the source is gone."""
    in_both(pair, "large", bytes(2 * 1024 * 1024 + 1))
    snapshots = Snapshots(pair.data, "project", str(pair.source), str(pair.source))
    tree = str(snapshots.track())
    with Trees(str(snapshots.git_dir)) as trees:
        assert same_as_snapshot(trees, str(snapshots.git_dir), str(pair.target), [(tree, "large")]) == set()
    assert same_in_both(str(pair.source), str(pair.target), ["large"]) == {"large"}


def test_a_submodule_is_no_file(pair: Pair, same: Same, tmp_path: Path) -> None:
    library = repository(tmp_path / "library")
    for directory in (pair.source, pair.target):
        git(directory, "submodule", "--quiet", "add", str(library), "module")
    assert not same("module")


def test_what_nobody_may_read_is_not_the_same(pair: Pair) -> None:
    os.mkfifo(pair.source / "pipe")
    os.mkfifo(pair.target / "pipe")
    assert same_in_both(str(pair.source), str(pair.target), ["pipe"]) == set()


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("/w/a", "a"),
        ("/w/d/a b", "d/a b"),
        ("/w/[id]", "[id]"),
        ("/w/..a", "..a"),
        ("/w", None),
        ("/w/", None),
        ("/wide/a", None),
        ("/elsewhere/a", None),
        ("/w/../a", None),
        ("/w/..", None),
        ("/w/./a", None),
        ("/w//a", None),
        ("w/a", None),
        ('/w/"a\\tb"', None),
        ("/w/a\\b", None),
        ("/w/a\nb", None),
        ("/w/a\0", None),
        ("/w/\ud800", None),
    ],
)
def test_only_what_is_plainly_below_the_worktree_has_a_path(file: str, path: str | None) -> None:
    assert relative_path("/w", file) == path


def test_everything_is_below_the_root_directory() -> None:
    assert relative_path("/", "/a/b") == "a/b"
