"""A `.git` that git doesn't take for a repository, or can't work with, is not "no repository": nobody can tell.

To the real opencode there is no project then, or that of the repository around: see tests/real/test_places.py.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from migrator.errors import MigratorError, NoSuchDirectory
from migrator.places import Places, ProjectIdScheme
from tests.support.broken_repositories import BROKEN, CLOSED
from tests.support.git import git, keep_id, repository, root_commit
from tests.support.home import build_home
from tests.support.repository_kinds import KINDS
from tests.support.unprivileged import UnprivilegedHome, without_root_powers

if TYPE_CHECKING:
    from pathlib import Path

schemes = pytest.mark.parametrize("scheme", ProjectIdScheme)


@schemes
@pytest.mark.parametrize("kind", BROKEN)
def test_git_says_no(kind: str, scheme: ProjectIdScheme, tmp_path: Path) -> None:
    """One sentence with git's reason, and what to do."""
    build, why = BROKEN[kind]
    places = Places(scheme)
    directory = str(build(tmp_path))
    places.prefetch([directory])

    with pytest.raises(MigratorError, match=re.escape(why.format(at=tmp_path))) as refusal:
        places.find(directory)

    assert not isinstance(refusal.value, NoSuchDirectory)
    assert re.search("repair|and try again$", str(refusal.value))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", CLOSED)
def test_the_system_says_no(kind: str, tmp_path: Path) -> None:
    """As for somebody to whom permissions apply: git is none the wiser, and answers as if there were nothing."""
    build, why = CLOSED[kind]
    home = UnprivilegedHome(build_home(tmp_path / "home", "1.18.34").path)
    directory = build(tmp_path)

    done = home.run("list", cwd=directory)

    assert (done.code, done.stdout) == (1, "")
    assert why.format(at=tmp_path) in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("owner", "command"), [("ours", "chmod -R u+rwX {}/.git"), ("another's", 'sudo chown -R "$USER" {}/.git')]
)
def test_what_mends_permissions(owner: str, command: str, tmp_path: Path) -> None:
    home = UnprivilegedHome(build_home(tmp_path / "home", "1.18.34").path)
    directory = repository(tmp_path / "repo")
    (directory / ".git" / "HEAD").chmod(0)
    if owner == "another's":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file to somebody else")
        os.chown(directory / ".git" / "HEAD", 65534, 65534)

    done = home.run("list", cwd=directory)

    assert f"run {command.format(directory)} and try again" in " ".join(done.stderr.split())


@schemes
def test_a_kept_id_that_may_not_be_read_is_not_none(scheme: ProjectIdScheme, tmp_path: Path) -> None:
    directory = repository(tmp_path / "repo")
    keep_id(directory / ".git")
    (directory / ".git" / "opencode").chmod(0)

    with without_root_powers(), pytest.raises(MigratorError, match=r"/\.git/opencode can't be looked at: Permission"):
        Places(scheme).find(str(directory))


@schemes
@pytest.mark.parametrize("kind", ["missing-objects", "emptied-branch", "lost-branch"])
def test_what_is_known_of_it_by_other_marks_still_counts(kind: str, scheme: ProjectIdScheme, tmp_path: Path) -> None:
    """As it does for opencode: the kept id names the project, and nobody asks for the first commit."""
    build, _ = BROKEN[kind]
    directory = build(tmp_path)
    keep_id(directory / ".git", "kept")

    assert Places(scheme).find(str(directory)).project_id == "kept"


@schemes
def test_no_commit_is_an_answer(scheme: ProjectIdScheme, tmp_path: Path) -> None:
    """Of a new repository, of a branch that is yet to be born, and of one of which the only commit was taken back."""
    new = KINDS["empty"](tmp_path / "new")
    orphan, undone = repository(tmp_path / "orphan"), repository(tmp_path / "undone")
    git(orphan, "checkout", "-q", "--orphan", "other")
    git(undone, "update-ref", "-d", "HEAD")

    found = [Places(scheme).find(str(directory)) for directory in (new, orphan, undone)]

    assert [(place.project_id, place.vcs) for place in found] == [("global", "git")] * 3


@schemes
def test_an_origin_that_cant_be_asked_for_is_not_none(scheme: ProjectIdScheme, tmp_path: Path) -> None:
    """git reads such settings for the remote alone: before that, all is well."""
    directory = KINDS["with-origin"](tmp_path)
    git(directory, "config", "--add", "url.x.insteadOf", "y")
    config = directory / ".git" / "config"
    config.write_text(config.read_text().replace("insteadOf = y", "insteadOf"))

    if scheme is ProjectIdScheme.CACHE_FIRST:  # which doesn't ask for it
        assert Places(scheme).find(str(directory)).project_id == root_commit(directory)
    else:
        with pytest.raises(MigratorError, match=r"git can't read the repository at .*: .*insteadof"):
            Places(scheme).find(str(directory))


@schemes
def test_a_linked_worktree_is_its_own_again_once_git_has_mended_it(scheme: ProjectIdScheme, tmp_path: Path) -> None:
    build, _ = BROKEN["moved-main-repository"]
    linked = build(tmp_path)
    with pytest.raises(MigratorError, match=f"run `git worktree repair {linked}` in its repository"):
        Places(scheme).find(str(linked))

    git(tmp_path / "renamed", "worktree", "repair", str(linked))

    assert Places(scheme).find(str(linked)).project_id == root_commit(tmp_path / "renamed")
