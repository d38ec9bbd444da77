"""The walk of a search is bounded: in depth, by what it skips, by links and by filesystems."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from migrator.orphans.walk import find_repositories
from tests.support.git import sub_directory
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.orphans.walk import FoundRepositories


def walked(*tops: Path, depth: int = 5) -> FoundRepositories:
    return find_repositories([str(top) for top in tops], depth, {"wanted"})


def named(top: Path, found: FoundRepositories) -> set[str]:
    return {os.path.relpath(path, top) for path in found.named.get("wanted", [])}


def test_it_finds_working_copies_and_names(tmp_path: Path) -> None:
    sub_directory(tmp_path / "a" / "repo" / ".git")
    sub_directory(tmp_path / "workspace" / ".jj")
    (sub_directory(tmp_path / "linked") / ".git").write_text("gitdir: /x\n")
    sub_directory(tmp_path / "a" / "repo" / "inside" / "wanted")
    found = walked(tmp_path)
    assert {os.path.relpath(path, tmp_path) for path in found.checkouts} == {"a/repo", "workspace", "linked"}
    assert named(tmp_path, found) == {"a/repo/inside/wanted"}


@pytest.mark.parametrize("depth", range(4))
def test_it_goes_as_deep_as_it_is_told(tmp_path: Path, depth: int) -> None:
    for level in range(1, 4):
        sub_directory(tmp_path.joinpath(*"abc"[: level - 1], "wanted"))
    assert len(named(tmp_path, walked(tmp_path, depth=depth))) == depth


@pytest.mark.parametrize("skipped", [".git", ".jj", "node_modules", ".venv", "__pycache__", ".cache"])
def test_it_skips_what_nobody_works_in(tmp_path: Path, skipped: str) -> None:
    sub_directory(tmp_path / skipped / "wanted")
    assert not walked(tmp_path).named


@pytest.mark.parametrize("mark", ["CACHEDIR.TAG", "pyvenv.cfg"])
def test_it_skips_caches_and_environments_by_their_mark(tmp_path: Path, mark: str) -> None:
    sub_directory(tmp_path / "whatever" / "wanted")
    (tmp_path / "whatever" / mark).write_text("")
    assert not walked(tmp_path).named


def test_it_skips_what_is_inside_a_bare_repository(tmp_path: Path) -> None:
    for name in ("objects", "refs", "wanted"):
        sub_directory(tmp_path / "bare.git" / name)
    (tmp_path / "bare.git" / "HEAD").write_text("")
    assert not walked(tmp_path).named


def test_it_follows_no_links_but_the_directory_named_may_be_one(tmp_path: Path) -> None:
    sub_directory(tmp_path / "real" / "wanted")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    found = walked(tmp_path / "link")
    assert named(tmp_path, found) == {"real/wanted"}
    assert found.looked_at == 2


def test_directories_named_twice_are_looked_at_once(tmp_path: Path) -> None:
    sub_directory(tmp_path / "a" / "wanted")
    assert walked(tmp_path, tmp_path / "a", tmp_path).named == {"wanted": [str(tmp_path / "a" / "wanted")]}


def test_it_stays_on_the_filesystem() -> None:
    """/proc is one of its own on every Linux."""
    if not os.path.ismount("/proc"):
        pytest.skip("no /proc here")
    found = find_repositories(["/"], 1, {"proc", "etc"})
    assert found.named == {"etc": ["/etc"]}


def test_it_says_what_it_could_not_look_into(tmp_path: Path) -> None:
    sub_directory(tmp_path / "locked").chmod(0)
    with without_root_powers():
        found = walked(tmp_path)
    assert found.unreadable == [str(tmp_path / "locked")]


def test_what_vanishes_meanwhile_is_no_error(tmp_path: Path) -> None:
    """The first directory that is looked at takes the others away."""
    for name in ("a", "b"):
        sub_directory(tmp_path / name)

    class Vanishing(set[str]):
        def __contains__(self, name: object) -> bool:
            if name == "a":
                (tmp_path / "b").rmdir()
            return False

    found = find_repositories([str(tmp_path)], 3, Vanishing())
    assert found.unreadable == [str(tmp_path / "b")]
