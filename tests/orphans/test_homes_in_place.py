"""A session whose directory is there belongs there, to the project that opencode sees in it today."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import copy_of, git, repository, root_commit, sub_directory
from tests.support.history import directory_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History

ORIGIN = "https://example.com/acme/shop.git"


def test_a_repository_that_got_an_origin(history: History) -> None:
    session = history.session(repository(history.src / "shop"))
    git(history.src / "shop", "remote", "add", "origin", ORIGIN)
    found = history.found(session)
    assert found.certainty is Certainty.CERTAIN
    assert found.place == history.opened(history.src / "shop")


def test_a_folder_that_became_a_repository(history: History) -> None:
    deep = sub_directory(history.src / "shop" / "sub" / "deep")
    session = history.session(deep)
    repository(history.src / "elsewhere").rename(history.src / "made")
    (history.src / "made" / ".git").rename(history.src / "shop" / ".git")
    found = history.found(session)
    assert found.place is not None
    assert (found.place.directory, found.place.path) == (str(deep), "sub/deep")
    assert found.place.project_id == root_commit(history.src / "shop")


def test_a_repository_that_is_none_any_more(history: History) -> None:
    session = history.session(repository(history.src / "shop"))
    shutil.rmtree(history.src / "shop" / ".git")
    found = history.found(session)
    assert found.place is not None
    assert (found.place.directory, found.place.project_id) == (str(history.src / "shop"), "global")


@pytest.mark.parametrize("stored", ["link", "shop/", "shop/../shop"])
def test_a_directory_by_another_name(history: History, stored: str) -> None:
    shop = repository(history.src / "shop")
    (history.src / "link").symlink_to(shop)
    place = history.opened(shop)
    session = history.session(f"{history.src}/{stored}", project_id=place.project_id, path="")
    assert history.found(session).place == place


def test_a_wrong_path_and_a_workspace_that_is_gone(history: History) -> None:
    deep = sub_directory(repository(history.src / "shop") / "sub")
    for session in (history.session(deep, path="home/sub"), history.session(deep, workspace_id="wrk_gone")):
        assert history.found(session).place == history.opened(deep)


def test_clones_of_which_one_went_its_own_way_keep_their_sessions(history: History) -> None:
    """opencode gave all sessions of both to the id that one of them has now."""
    shop = repository(history.src / "shop")
    clone = copy_of(shop, history.src / "clone")
    session, other = history.session(shop), history.session(clone)
    git(clone, "remote", "add", "origin", ORIGIN)
    project = history.opened(clone).project_id
    history.home.execute("UPDATE session SET project_id = ?", [project])
    assert other not in history.lost()
    assert directory_of(history.found(session)) == str(shop)


def test_something_else_in_the_old_place_is_no_certain_home(history: History) -> None:
    """`mv shop old-shop`, and a new repository called shop: both could be meant."""
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(history.src / "old-shop")
    history.opened(history.src / "old-shop")
    repository(history.src / "shop-2").rename(shop)
    found = history.found(session)
    assert found.place is None
    assert found.rivals == (str(shop), str(history.src / "old-shop"))


def test_a_part_that_became_a_repository_of_its_own_keeps_its_sessions(history: History) -> None:
    deep = sub_directory(repository(history.src / "shop") / "part")
    session = history.session(deep)
    git(deep, "init", "-q")
    git(deep, "commit", "-q", "--allow-empty", "-m", "its own")
    found = history.found(session)
    assert found.place is not None
    assert (found.place.directory, found.place.project_id) == (str(deep), root_commit(deep))


def test_a_worktree_whose_repository_moved_away_waits_for_git(history: History) -> None:
    shop = repository(history.src / "shop")
    git(shop, "worktree", "add", "-q", "../linked")
    session = history.session(history.src / "linked")
    shop.rename(history.src / "moved")
    found = history.found(session)
    assert found.place is None
    assert "git worktree repair" in found.why_not
    git(history.src / "moved", "worktree", "repair", str(history.src / "linked"))
    assert session not in history.lost()


def test_what_git_refuses_to_look_into_is_unknown(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    (shop / ".git" / "config").write_text("[core\n")
    found = history.found(session)
    assert found.place is None
    assert "repair it first" in found.why_not


def test_a_child_follows_its_root(history: History) -> None:
    shop, other = repository(history.src / "shop"), repository(history.src / "other")
    root = history.session(sub_directory(shop / "sub"))
    child = history.session(other, root)
    grandchild = history.session(shop, child)
    for session in (child, grandchild):
        found = history.found(session)
        assert directory_of(found) == str(shop / "sub")
        assert root in found.because


def test_a_child_of_nobody_has_no_other_home(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop, "ses_gone")
    assert directory_of(history.found(session)) == str(shop)  # where it is: there is nothing to suggest


def unreadable(directory: Path) -> None:
    """A loop of links can't be opened, by root either."""
    directory.rename(directory.with_name("away"))
    directory.symlink_to(directory)


def test_what_can_not_be_looked_at_has_no_home(history: History) -> None:
    shop = repository(history.src / "shop")
    git(shop, "worktree", "add", "-q", "../linked")
    history.opened(shop)
    session = history.session(history.src / "linked")
    unreadable(history.src / "linked")
    found = history.found(session)
    assert found.place is None
    assert "never moved by itself" in found.why_not
