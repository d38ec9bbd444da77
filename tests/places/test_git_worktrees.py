"""Git worktrees, read from their files, are those that git itself lists."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from migrator.places import git_worktrees
from tests.support.git import git, repository
from tests.support.repository_kinds import worktree_of_bare, worktree_of_dot_bare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def as_git_lists_them(directory: Path) -> dict[str, tuple[str | None, bool]]:
    """(lock reason, prunable) of each linked worktree, by path."""
    out = subprocess.run(
        ["git", "worktree", "list", "--porcelain", "-z"], cwd=directory, capture_output=True, check=True
    ).stdout
    listed = {}
    for block in os.fsdecode(out).split("\0\0")[1:]:
        words = {word: rest for word, _, rest in (line.partition(" ") for line in block.split("\0")) if word}
        if words:
            listed[words["worktree"]] = (words.get("locked"), "prunable" in words)
    return listed


def as_we_read_them(directory: Path) -> dict[str, tuple[str | None, bool]]:
    link = git_worktrees.worktree_link(str(directory))
    assert link is not None
    return {record.path: (record.locked, record.prunable) for record in git_worktrees.worktrees(link.common)}


def alive(at: Path) -> Path:
    repo = repository(at / "repo")
    git(repo, "worktree", "add", "-q", "../one")
    git(repo, "worktree", "add", "-q", "trees/two")
    return repo


def locked(at: Path) -> Path:
    repo = alive(at)
    git(repo, "worktree", "lock", "--reason", "on a stick", "../one")
    git(repo, "worktree", "lock", "trees/two")
    return repo


def locked_and_gone(at: Path) -> Path:
    repo = locked(at)
    shutil.rmtree(at / "one")
    return repo


def gone(at: Path) -> Path:
    repo = alive(at)
    shutil.rmtree(at / "one")
    return repo


def moved(at: Path) -> Path:
    repo = alive(at)
    (at / "one").rename(at / "uno")
    return repo


def on_a_path_with_a_newline(at: Path) -> Path:
    repo = repository(at / "repo")
    git(repo, "worktree", "add", "-q", "-b", "odd", "../one\nor two")
    git(repo, "worktree", "add", "-q", "-b", "odder", "../ends in one\n")
    return repo


def bare(at: Path) -> Path:
    return worktree_of_bare(at)


def dot_bare(at: Path) -> Path:
    return worktree_of_dot_bare(at)


def with_its_own_settings(at: Path) -> Path:
    repo = alive(at)
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(at / "one", "config", "--worktree", "core.sparseCheckout", "true")
    return repo


def without_a_gitdir_file(at: Path) -> Path:
    repo = alive(at)
    (repo / ".git/worktrees/one/gitdir").write_bytes(b"")
    return repo


KINDS: dict[str, Callable[[Path], Path]] = {
    build.__name__: build
    for build in (
        alive, locked, locked_and_gone, gone, moved, on_a_path_with_a_newline, bare, dot_bare, with_its_own_settings,
    )
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_worktrees_as_git_lists(kind: str, tmp_path: Path) -> None:
    repo = KINDS[kind](tmp_path.resolve())
    listed = as_git_lists_them(repo)
    assert listed
    assert as_we_read_them(repo) == listed


def test_from_inside_a_worktree_the_same_are_found(tmp_path: Path) -> None:
    repo = alive(tmp_path.resolve())
    assert as_we_read_them(tmp_path / "one") == as_we_read_them(repo) == as_git_lists_them(tmp_path / "one")


def test_relative_paths_as_git_2_48_writes_them(tmp_path: Path) -> None:
    """`git worktree add --relative-paths` needs a git that may not be here; what it writes is known."""
    repo = alive(tmp_path.resolve())
    (repo / ".git/worktrees/one/gitdir").write_text("../../../../one/.git\n")
    (tmp_path / "one/.git").write_text("gitdir: ../repo/.git/worktrees/one\n")
    assert as_we_read_them(repo)[str(tmp_path.resolve() / "one")] == (None, False)
    assert [record.alive for record in git_worktrees.worktrees(str(repo / ".git"))] == [True, True]
    assert git_worktrees.worktree_link(str(tmp_path / "one")) == git_worktrees.WorktreeLink(
        str(repo / ".git"), "one", True
    )


def test_a_worktree_that_was_moved_and_not_repaired_names_its_record(tmp_path: Path) -> None:
    repo = moved(tmp_path.resolve())
    (record, _) = git_worktrees.worktrees(str(repo / ".git"))
    assert (record.id, record.path, record.alive) == ("one", str(tmp_path.resolve() / "one"), False)
    assert git_worktrees.worktree_link(str(tmp_path / "uno")) == git_worktrees.WorktreeLink(
        str(repo / ".git"), "one", True
    )


def test_a_worktree_in_whose_place_is_another_repository_is_not_alive(tmp_path: Path) -> None:
    repo = gone(tmp_path.resolve())
    repository(tmp_path / "one")
    (record, _) = git_worktrees.worktrees(str(repo / ".git"))
    assert not record.alive
    assert as_we_read_them(repo) == as_git_lists_them(repo)


def test_a_pruned_worktree_still_names_its_repository(tmp_path: Path) -> None:
    repo = moved(tmp_path.resolve())
    git(repo, "worktree", "prune")
    assert git_worktrees.worktree_link(str(tmp_path / "uno")) == git_worktrees.WorktreeLink(
        str(repo / ".git"), "one", False
    )


def test_a_record_that_names_no_place(tmp_path: Path) -> None:
    repo = without_a_gitdir_file(tmp_path.resolve())
    (record, _) = git_worktrees.worktrees(str(repo / ".git"))
    assert (record.path, record.alive, record.prunable) == ("", False, True)


class TestMainWorkingCopy:
    def test_of_an_ordinary_repository(self, tmp_path: Path) -> None:
        repo = repository(tmp_path.resolve() / "repo")
        assert git_worktrees.main_root(str(repo / ".git")) == str(repo)

    @pytest.mark.parametrize("build", [bare, dot_bare])
    def test_of_a_bare_repository_there_is_none(self, build: Callable[[Path], Path], tmp_path: Path) -> None:
        link = git_worktrees.worktree_link(str(build(tmp_path.resolve())))
        assert link is not None
        assert git_worktrees.main_root(link.common) is None
        assert git_worktrees.is_bare(link.common)

    def test_with_worktree_settings_bare_is_said_in_another_file(self, tmp_path: Path) -> None:
        tree = worktree_of_bare(tmp_path.resolve())
        common = tmp_path.resolve() / "bare.git"
        git(tree, "config", "extensions.worktreeConfig", "true")
        git(common, "config", "--unset", "core.bare")
        assert not git_worktrees.is_bare(str(common))
        (common / "config.worktree").write_text("[core]\n\tbare = true\n")
        assert git_worktrees.is_bare(str(common))

    def test_of_a_submodule(self, tmp_path: Path) -> None:
        inner = repository(tmp_path.resolve() / "inner")
        outer = repository(tmp_path.resolve() / "outer")
        git(outer, "submodule", "--quiet", "add", str(inner), "mod")
        link = git_worktrees.worktree_link(str(outer / "mod"))
        assert link == git_worktrees.WorktreeLink(str(outer / ".git/modules/mod"), None, True)
        assert git_worktrees.main_root(link.common) == str(outer / "mod")

    @pytest.mark.parametrize("name", ['a"b', "a\\b", "a\tb", "a\nb", "a\rb", "a\u2028b", "a\x0bb", "a;b", '"#"', "\\;"])
    def test_of_a_submodule_with_a_name_that_git_has_to_quote(self, tmp_path: Path, name: str) -> None:
        """Or that it doesn't, though it holds what ends a line elsewhere."""
        outer = repository(tmp_path.resolve() / "outer")
        inner = repository(tmp_path.resolve() / "inner")
        git(outer, "submodule", "--quiet", "add", "--name", "mod", str(inner), name)
        common = outer / ".git/modules/mod"
        assert git_worktrees.main_root(str(common)) == str(outer / name)
        (common / "config").write_text("[core]\n\tbare = true ; it is\n")
        assert git_worktrees.is_bare(str(common))


def test_a_fifo_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    repo = alive(tmp_path.resolve())
    (repo / ".git/worktrees/one/gitdir").unlink()
    os.mkfifo(repo / ".git/worktrees/one/gitdir")
    (tmp_path / "strange").mkdir()
    os.mkfifo(tmp_path / "strange/.git")
    assert git_worktrees.worktree_link(str(tmp_path / "strange")) is None
    assert next(record.path for record in git_worktrees.worktrees(str(repo / ".git"))) == ""
