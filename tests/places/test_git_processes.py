"""How many git processes it takes to find a place, and that nothing is changed by it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from migrator.places import Places, ProjectIdScheme
from tests.support.git import git, repository, root_commit, sub_directory
from tests.support.repository_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("identity", "kind", "count"),
    [
        (ProjectIdScheme.ORIGIN_FIRST, "with-origin", 1),
        (ProjectIdScheme.ORIGIN_FIRST, "with-kept-id", 1),
        (ProjectIdScheme.ORIGIN_FIRST, "top", 2),
        (ProjectIdScheme.ORIGIN_FIRST, "linked-worktree", 2),
        (ProjectIdScheme.ORIGIN_FIRST, "no-repository", 0),
        (ProjectIdScheme.CACHE_FIRST, "with-kept-id", 1),
        (ProjectIdScheme.CACHE_FIRST, "top", 2),
        (ProjectIdScheme.CACHE_FIRST, "linked-worktree", 3),
        (ProjectIdScheme.CACHE_FIRST, "no-repository", 0),
        (ProjectIdScheme.V2, "with-origin", 1),
        (ProjectIdScheme.V2, "top", 2),
        (ProjectIdScheme.V2, "linked-worktree", 3),
        (ProjectIdScheme.V2, "no-repository", 0),
        (ProjectIdScheme.V2, "mercurial", 0),
    ],
)
def test_few_processes_for_a_checkout(
    identity: ProjectIdScheme, kind: str, count: int, tmp_path: Path, processes: Callable[[], list[str]]
) -> None:
    directory = KINDS[kind](sub_directory(tmp_path / "at"))
    processes()

    Places(identity).find(str(directory))

    assert len(processes()) == count


def test_no_further_process_for_other_directories_of_the_checkout(
    tmp_path: Path, processes: Callable[[], list[str]]
) -> None:
    directory = repository(tmp_path / "repo")
    below = [str(sub_directory(directory / str(i % 10) / str(i))) for i in range(1000)]
    places = Places(ProjectIdScheme.ORIGIN_FIRST)
    places.find(str(directory))
    processes()

    found = [places.find(path) for path in below]

    assert processes() == []
    assert {place.project_id for place in found} == {root_commit(directory)}
    assert [place.path for place in found] == [f"{i % 10}/{i}" for i in range(1000)]


def test_a_nested_repository_is_asked_for_itself(tmp_path: Path) -> None:
    inner = KINDS["nested"](tmp_path)
    places = Places(ProjectIdScheme.ORIGIN_FIRST)

    outer_id = places.find(str(tmp_path / "outer" / "vendor")).project_id
    inner_id = places.find(str(inner)).project_id

    assert (outer_id, inner_id) == (root_commit(tmp_path / "outer"), root_commit(inner))


def test_threads_may_share_it(tmp_path: Path) -> None:
    directories = [repository(tmp_path / str(i)) for i in range(8)]
    places = Places(ProjectIdScheme.ORIGIN_FIRST)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda directory: places.find(str(directory)).project_id, directories * 4))

    assert found == [root_commit(directory) for directory in directories] * 4


@pytest.mark.parametrize("identity", ProjectIdScheme)
@pytest.mark.parametrize("kind", ["top", "with-origin", "linked-worktree", "submodule", "empty", "worktree-of-bare"])
def test_nothing_is_written(identity: ProjectIdScheme, kind: str, tmp_path: Path) -> None:
    directory = KINDS[kind](tmp_path)
    for file in directory.glob("*.txt"):
        os.utime(file, (1, 1))  # as after a checkout by somebody else: git would like to refresh its index
    before = _everything(tmp_path)

    Places(identity).find(str(directory))

    assert _everything(tmp_path) == before


def _everything(directory: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in directory.rglob("*")}


@pytest.mark.parametrize(
    "misleading",
    [
        {"GIT_DIR": "{other}/.git"},
        {"GIT_DIR": "{other}/.git", "GIT_WORK_TREE": "{other}"},
        {"GIT_DIR": "{other}/.git", "GIT_COMMON_DIR": "{other}/.git"},
        {"GIT_CEILING_DIRECTORIES": "{parent}"},
        {"GIT_OBJECT_DIRECTORY": "{other}/.git/objects"},
        {"GIT_INDEX_FILE": "{other}/.git/index"},
        {"GIT_NAMESPACE": "other"},
        {"GIT_CONFIG_PARAMETERS": "'remote.origin.url'='git@github.com:Acme/Widget.git'"},
    ],
    ids="+".join,
)
@pytest.mark.parametrize("identity", ProjectIdScheme)
def test_the_environment_of_a_hook_or_alias_misleads_nobody(
    identity: ProjectIdScheme, misleading: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked, other = KINDS["linked-worktree"](tmp_path), repository(tmp_path / "other")
    root = root_commit(linked)
    for name, value in misleading.items():
        monkeypatch.setenv(name, value.format(other=other, parent=tmp_path))

    place = Places(identity).find(str(linked))

    assert (place.project_id, place.worktree) == (root, str(linked))


def test_git_answers_in_english_and_is_told_to_leave_everything_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: Callable[[], list[str]]
) -> None:
    """We tell its refusals apart by their words, and git may refresh an index or fetch what a partial clone lacks."""
    directory = KINDS["top"](sub_directory(tmp_path / "at"))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    processes()

    Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory))

    assert {line[:6] for line in processes()} == {"C 0 1 "}


def test_settings_of_the_user_do_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`insteadOf` is often in the settings of the user, and opencode's git sees it too."""
    directory = repository(tmp_path / "repo", "work:Widget")
    git(directory, "config", "--file", str(tmp_path / "settings"), "url.git@github.com:Acme/.insteadOf", "work:")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))

    found = Places(ProjectIdScheme.ORIGIN_FIRST).find(str(directory)).project_id

    assert found == "c55d05852f345b73c08b1716afaa3724a7b59447"
