"""Which mark of a repository gives the id of its project, and which marks don't count."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from migrator.errors import CantTell
from migrator.places import Places, ProjectIdScheme
from migrator.places.checkout import directory_project_id
from tests.support.git import KEPT_ID, copy_of, git, keep_id, repository, root_commit
from tests.support.home import FIXTURES
from tests.support.repository_kinds import ORIGIN, ORIGIN_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def project_id(directory: Path, identity: ProjectIdScheme) -> str:
    return Places(identity).find(str(directory)).project_id


@pytest.mark.parametrize(
    ("identity", "order"),
    [
        (ProjectIdScheme.ORIGIN_FIRST, ["origin", "kept", "root"]),
        (ProjectIdScheme.CACHE_FIRST, ["kept", "root"]),
        (ProjectIdScheme.V2, ["origin", "kept", "root"]),
    ],
)
def test_the_marks_count_in_the_order_of_the_version(
    identity: ProjectIdScheme, order: list[str], tmp_path: Path
) -> None:
    """One mark after the other is taken away."""
    directory = repository(tmp_path / "repo", ORIGIN)
    keep_id(directory / ".git")
    ids = {"origin": ORIGIN_ID, "kept": KEPT_ID, "root": root_commit(directory)}
    take_away: dict[str, Callable[[], object]] = {
        "origin": lambda: git(directory, "remote", "remove", "origin"),
        "kept": (directory / ".git" / "opencode").unlink,
        "root": lambda: git(directory, "update-ref", "-d", "HEAD"),
    }

    for mark in order:
        assert project_id(directory, identity) == ids[mark], mark
        take_away[mark]()
    assert project_id(directory, identity) == "global"


@pytest.mark.parametrize("fixture", ["v2-run-fresh", "v2-run-upgraded"])
def test_a_directory_of_its_own_has_the_id_that_it_has_in_the_fixtures(fixture: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        database.executescript((FIXTURES / f"{fixture}.sql").read_text())
        rows = database.execute("SELECT worktree, id FROM project WHERE vcs IS NULL AND id <> 'global'").fetchall()

    assert rows == [(worktree, directory_project_id(worktree)) for worktree, _ in rows] != []


@pytest.mark.parametrize("identity", ProjectIdScheme)
@pytest.mark.parametrize("content", [f"{KEPT_ID}\n", f"  {KEPT_ID}\r\n"])
def test_white_space_around_a_kept_id_is_none_of_it(identity: ProjectIdScheme, content: str, tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo")
    keep_id(directory / ".git", content)

    assert project_id(directory, identity) == KEPT_ID


@pytest.mark.parametrize("identity", ProjectIdScheme)
@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_keeps_no_id(identity: ProjectIdScheme, content: str, tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo")
    keep_id(directory / ".git", content)

    assert project_id(directory, identity) == root_commit(directory)


@pytest.mark.parametrize("identity", ProjectIdScheme)
def test_a_fifo_in_the_place_of_a_kept_id_is_not_waited_for(identity: ProjectIdScheme, tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo")
    os.mkfifo(directory / ".git/opencode")

    with pytest.raises(CantTell, match=r"/\.git/opencode can't be looked at: it is a FIFO, not a file: move it away"):
        project_id(directory, identity)


@pytest.mark.parametrize("identity", ProjectIdScheme)
def test_a_copy_keeps_the_id_even_if_its_history_is_another(identity: ProjectIdScheme, tmp_path: Path) -> None:
    original = repository(tmp_path / "original")
    keep_id(original / ".git")
    copy = copy_of(original, tmp_path / "copy")
    git(copy, "commit", "-q", "--amend", "-m", "rewritten")

    assert project_id(copy, identity) == KEPT_ID


def test_the_submodule_keeps_its_own_id(tmp_path: Path) -> None:
    git(repository(tmp_path / "super", ORIGIN), "submodule", "add", str(repository(tmp_path / "library")), "module")
    keep_id(tmp_path / "super" / ".git" / "modules" / "module")

    assert project_id(tmp_path / "super" / "module", ProjectIdScheme.ORIGIN_FIRST) == KEPT_ID
    assert project_id(tmp_path / "super", ProjectIdScheme.ORIGIN_FIRST) == ORIGIN_ID


def test_only_the_first_url_of_origin_counts(tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo", ORIGIN)
    git(directory, "remote", "set-url", "--add", "origin", "https://example.com/second.git")
    git(directory, "remote", "set-url", "--push", "origin", "https://example.com/push.git")

    assert project_id(directory, ProjectIdScheme.ORIGIN_FIRST) == ORIGIN_ID
