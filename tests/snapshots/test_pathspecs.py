"""Where we say that a name is no pattern for other files, git's `checkout` of it touches that file alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.snapshots.git.trees import Trees
from migrator.snapshots.opencode_1.pathspecs import matches_other_files
from tests.support.git import git
from tests.support.strategies import examples
from tests.support.undo_world import state, write


def tree_of(directory: Path) -> str:
    git(directory, "init", "-q")
    git(directory, "add", "--all")
    return git(directory, "write-tree")


def check_out(directory: Path, tree: str, path: str) -> set[str]:
    """Let git write what opencode's undo would have it write, into an empty worktree; the files that come of it."""
    empty = directory.with_name("empty")
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    git(
        empty,
        "--git-dir",
        str(directory / ".git"),
        "--work-tree",
        str(empty),
        "checkout",
        tree,
        "--",
        str(empty / path),
    )
    return set(state(empty))


@pytest.mark.parametrize(
    ("others", "path", "concerned"),
    [
        (["app/about/page.tsx"], "app/[slug]/page.tsx", False),
        (["app/s/page.tsx"], "app/[slug]/page.tsx", True),
        (["app/s/other.tsx"], "app/[slug]/page.tsx", False),
        (["app/[id]/page.tsx"], "app/[slug]/page.tsx", False),
        (["docs/r", "docs/.x"], "docs/[...rest]", True),
        (["docs/rest"], "docs/[...rest]", False),
        (["docs/.]/a"], "docs/[[...all]]/a", True),
        (["docs/all/a"], "docs/[[...all]]/a", False),
        (["S"], "[slug]", True),  # where the disk doesn't know capitals, neither does git
        (["b"], "[!a]", True),
        (["b"], "[]b]", True),
        (["b"], "[!]]", True),
        (["b"], "[^]]", True),
        (["other"], "a*b", True),
        (["other"], "what?", True),
        (["other"], "open[", True),
        (["other"], "plain", False),
    ],
)
def test_names_that_are_patterns(tmp_path: Path, others: list[str], path: str, concerned: bool) -> None:
    for name in [*others, path]:
        write(tmp_path / "w" / name, "content\n")
    tree = tree_of(tmp_path / "w")
    with Trees(str(tmp_path / "w/.git")) as trees:
        assert matches_other_files(trees, tree, path) is concerned


components = st.text("[]!^-ab*?.:", min_size=1, max_size=6).filter(lambda name: name not in {".", ".."})
names = st.lists(components, min_size=1, max_size=2).map("/".join)


@settings(examples(40), suppress_health_check=list(HealthCheck))
@given(st.lists(names, max_size=8), names)
def test_git_touches_that_file_alone(others: list[str], path: str) -> None:
    with TemporaryDirectory() as directory:
        worktree = Path(directory).resolve() / "w"
        worktree.mkdir()
        for name in [path, "a", "b", "-", *others]:
            if not any((worktree / above).is_file() for above in Path(name).parents) and not (worktree / name).is_dir():
                write(worktree / name, "content\n")
        tree = tree_of(worktree)
        with Trees(str(worktree / ".git")) as trees:
            concerns_others = matches_other_files(trees, tree, path)
        if not concerns_others and (worktree / path).is_file():
            assert check_out(worktree, tree, path) == {path}
