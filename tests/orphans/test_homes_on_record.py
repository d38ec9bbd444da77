"""git's and jj's own records that a working copy was moved are certain; of what it was part of, they are likely."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import copy_of, git, repository, sub_directory
from tests.support.history import directory_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History

LONG_AGO = 1
"""Before any repository of these tests was made, in milliseconds."""


def linked(history: History, name: str = "linked") -> Path:
    """A repository, src/shop, with a linked worktree that has a sub-directory, src/NAME."""
    shop = history.src / "shop"
    if not shop.exists():
        history.opened(repository(shop))
    git(shop, "worktree", "add", "-q", "--detach", f"../{name}")
    return sub_directory(history.src / name / "sub").parent


def now() -> int:
    return int(time.time() * 1000) + 1000


def test_a_worktree_moved_by_hand(history: History) -> None:
    """git still has the old path on record; the main worktree, which is there too, is not meant."""
    worktree = linked(history)
    top, sub = history.session(worktree), history.session(worktree / "sub")
    worktree.rename(history.src / "moved")
    for session, expected in ((top, "moved"), (sub, "moved/sub")):
        found = history.found(session)
        assert (directory_of(found), found.certainty) == (str(history.src / expected), Certainty.CERTAIN)
        assert f"{history.src}/moved is where it went: git still has the worktree there on record as" in found.because


def test_a_worktree_moved_by_hand_to_another_place_that_opencode_has_seen(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree)
    target = sub_directory(history.src / "far" / "away") / "moved"
    worktree.rename(target)
    assert directory_of(history.found(session)) == str(history.src / "shop")
    history.opened(target)
    assert directory_of(history.found(session)) == str(target)


def test_a_worktree_moved_by_hand_is_certain_where_a_search_finds_it(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree)
    target = sub_directory(history.src / "far" / "away") / "moved"
    worktree.rename(target)
    found = history.found(session, [history.src / "far"])
    assert (directory_of(found), found.certainty) == (str(target), Certainty.CERTAIN)


def test_the_only_worktree_that_opencode_knew(history: History) -> None:
    """Its repository was never opened: the worktree itself says which one it is of."""
    repository(history.src / "shop")
    git(history.src / "shop", "worktree", "add", "-q", "../linked")
    session = history.session(history.src / "linked")
    (history.src / "linked").rename(history.src / "moved")
    assert directory_of(history.found(session)) == str(history.src / "moved")


def test_a_worktree_moved_with_git(history: History) -> None:
    """Git keeps nothing but its name, which another one may have had in another folder."""
    worktree = linked(history)
    session = history.session(worktree / "sub", created=now())
    sub_directory(history.src / "far")
    git(history.src / "shop", "worktree", "move", "../linked", "../far/moved")
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "far" / "moved" / "sub"), Certainty.LIKELY)


def test_a_worktree_of_the_same_name_that_was_made_later_is_another_one(history: History) -> None:
    session = history.session(linked(history), created=LONG_AGO)
    git(history.src / "shop", "worktree", "remove", "--force", "../linked")
    sub_directory(history.src / "far")
    git(history.src / "shop", "worktree", "add", "-q", "--detach", "../far/linked")
    assert directory_of(history.found(session)) == str(history.src / "shop")


def test_a_locked_worktree_is_away_not_gone(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree)
    git(history.src / "shop", "worktree", "lock", "--reason", "on a stick", "../linked")
    worktree.rename(sub_directory(history.home.path / "stick") / "linked")
    for search in ([], [history.src]):
        found = history.found(session, search)
        assert found.place is None
        assert "on a stick" in found.why_not


def test_a_copy_of_a_worktree_that_is_still_there_takes_nothing(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree / "sub")
    copy_of(worktree, history.src / "copy")
    (worktree / "sub").rmdir()
    assert directory_of(history.found(session)) == str(worktree)


def test_a_copy_of_a_worktree_that_was_moved_by_hand_is_not_it(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree)
    copy_of(worktree, history.src / "copy")
    worktree.rename(history.src / "moved")
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "moved"), Certainty.CERTAIN)


def test_two_copies_of_a_worktree_that_is_gone_are_named(history: History) -> None:
    worktree = linked(history)
    session = history.session(worktree)
    for name in ("copy", "second"):
        copy_of(worktree, history.src / name)
    shutil.rmtree(worktree)
    found = history.found(session)
    assert found.place is None
    assert found.rivals == (str(history.src / "copy"), str(history.src / "second"))
    assert found.commands[0] == f"opencode-migrator relocate {worktree} {history.src}/copy"


# -- jj: no program, only its files, as jj 0.39 and later leave them ---------------------------------------------------


def jj_repository(root: Path, **workspaces: str) -> Path:
    """A main workspace without git, whose repository has these workspaces on record, by paths relative to `root`."""
    repo = root / ".jj" / "repo"
    for name in ("store", "op_store", "workspace_store"):
        (repo / name).mkdir(parents=True)
    (repo / "workspace_store" / "index").write_bytes(
        b"".join(
            field(1, field(1, name.encode()) + field(2, os.path.relpath(root / path, repo).encode()))
            for name, path in {"default": ".", **workspaces}.items()
        )
    )
    working_copy(root, "default")
    return root


def jj_workspace(root: Path, main: Path, name: str) -> Path:
    """A secondary workspace: `.jj/repo` is a file."""
    working_copy(root, name)
    (root / ".jj" / "repo").write_text(os.path.relpath(main / ".jj" / "repo", root / ".jj"))
    return root


def working_copy(root: Path, name: str) -> None:
    (root / ".jj" / "working_copy").mkdir(parents=True)
    (root / ".jj" / "working_copy" / "checkout").write_bytes(field(3, name.encode()))


def field(number: int, value: bytes) -> bytes:
    """One field of a protobuf message; no value of these tests is longer than 127 bytes."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


@pytest.fixture
def jj(history: History) -> History:
    """src/shop with a session, and its workspace `wide` in src/wide."""
    shop = jj_repository(history.src / "shop", wide="../wide")
    history.session(shop)
    sub_directory(jj_workspace(history.src / "wide", shop, "wide") / "sub")
    return history


def test_a_jj_workspace_that_moved(jj: History) -> None:
    top, sub = jj.session(jj.src / "wide"), jj.session(jj.src / "wide" / "sub")
    (jj.src / "wide").rename(jj.src / "broad")
    assert directory_of(jj.found(top)) == str(jj.src / "broad")
    assert directory_of(jj.found(sub)) == str(jj.src / "broad" / "sub")


def test_a_jj_workspace_that_is_gone_leaves_its_repository(jj: History) -> None:
    session = jj.session(jj.src / "wide" / "sub")
    # As jj before 0.39 wrote it; a relative path would lead nowhere from the new place, for jj too.
    (jj.src / "wide" / ".jj" / "repo").write_text(str(jj.src / "shop" / ".jj" / "repo"))
    (jj.src / "wide").rename(sub_directory(jj.home.path / "bin") / "wide")
    found = jj.found(session)
    assert (directory_of(found), found.certainty) == (str(jj.src / "shop"), Certainty.LIKELY)
    assert "workspace wide" in found.because
    assert directory_of(jj.found(session, [jj.home.path / "bin"])) == str(jj.home.path / "bin" / "wide" / "sub")


def test_a_directory_that_is_gone_in_a_jj_workspace(jj: History) -> None:
    session = jj.session(jj.src / "wide" / "sub")
    (jj.src / "wide" / "sub").rmdir()
    assert directory_of(jj.found(session)) == str(jj.src / "wide")


def test_a_jj_workspace_whose_repository_only_its_neighbour_shows(history: History) -> None:
    """The main workspace was never opened in opencode."""
    shop = jj_repository(history.src / "shop", wide="../wide")
    session = history.session(jj_workspace(history.src / "wide", shop, "wide"))
    (history.src / "wide").rename(history.home.path / "wide")
    assert directory_of(history.found(session)) == str(shop)
