"""A session whose directory is there belongs there, to the project that opencode sees in it today."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import clone, copy_of, git, repository, root_commit, sub_directory
from tests.support.history import directory_of
from tests.support.rows import add_part
from tests.support.snapshots import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.history import History

ORIGIN = "https://example.com/acme/shop.git"
OTHER = "https://example.com/acme/other.git"


def add_snapshot(history: History, session: str, worktree: Path) -> None:
    """What opencode leaves when it begins a turn."""
    tree = snapshot(history.home, worktree)
    message = f"msg_{session}"
    add_part(history.home, session, message, f"prt_{session}", type="step-start", snapshot=tree)


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


@pytest.mark.parametrize("opened", [True, False])
def test_a_name_that_another_repository_took_over(history: History, *, opened: bool) -> None:
    """`mv shop old-shop`, and a new repository called shop."""
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub"))
    snapshot(history.home, shop)
    shop.rename(history.src / "old-shop")
    if opened:
        history.opened(history.src / "old-shop")
    sub_directory(repository(history.src / "shop-2").rename(shop) / "sub")
    history.session(shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "old-shop" / "sub"), Certainty.CERTAIN)
    assert f"another repository stands at {shop} now" in found.because


def test_a_name_that_a_plain_folder_took_over(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(history.src / "old-shop")
    sub_directory(shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "old-shop"), Certainty.CERTAIN)
    assert found.because.startswith(f"{shop} is in no repository now, and {history.src}/old-shop is ")


def test_a_name_that_another_repository_took_over_while_its_own_is_out_of_sight(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(sub_directory(history.home.path / "far") / "old-shop")
    repository(history.src / "shop-2").rename(shop)
    found = history.found(session)
    assert (found.place, found.rivals) == (None, ())
    assert "another repository stands" in found.why_not
    assert "--search" in found.why_not
    searched = history.found(session, [history.home.path / "far"])
    assert (directory_of(searched), searched.certainty) == (
        str(history.home.path / "far" / "old-shop"),
        Certainty.LIKELY,
    )


def test_a_name_that_a_clone_took_over(history: History) -> None:
    """The clone began with the same commit; the one that opencode knew as the project is meant."""
    shop = repository(history.src / "shop")
    session = history.session(shop)
    shop.rename(history.src / "old-shop")
    clone(history.src / "old-shop", "shop")
    git(shop, "remote", "set-url", "origin", ORIGIN)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "old-shop"), Certainty.CERTAIN)


def test_two_folders_that_changed_places(history: History) -> None:
    one, two = repository(history.src / "one"), repository(history.src / "two")
    of_one, of_two = history.session(one), history.session(sub_directory(two / "sub"))
    one.rename(history.src / "three")
    two.rename(one)
    (history.src / "three").rename(two)
    sub_directory(two / "sub")
    for session, expected in ((of_one, two), (of_two, one / "sub")):
        found = history.found(session)
        assert (directory_of(found), found.certainty) == (str(expected), Certainty.CERTAIN)


@pytest.mark.parametrize("trace", ["another remote", "a fetch", "the clone itself"])
def test_a_repository_whose_origin_was_another(history: History, trace: str) -> None:
    """The id that opencode kept is lost, so that only git's own traces tell what it was."""
    if trace == "the clone itself":
        clone(repository(history.src / "upstream"), "shop")
        git(history.src / "shop", "remote", "set-url", "origin", ORIGIN)
        log = history.src / "shop" / ".git" / "logs" / "HEAD"
        log.write_text(log.read_text().replace(str(history.src / "upstream"), ORIGIN))
    else:
        repository(history.src / "shop", ORIGIN)
    shop = history.src / "shop"
    session = history.session(shop)
    (shop / ".git" / "opencode").unlink()
    if trace == "another remote":
        git(shop, "remote", "rename", "origin", "upstream")
    elif trace == "a fetch":
        (shop / ".git" / "FETCH_HEAD").write_text(f"{root_commit(shop)}\t\tbranch 'main' of {ORIGIN}\n")
    git(shop, *(["remote", "set-url", "origin"] if trace != "another remote" else ["remote", "add", "origin"]), OTHER)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop), Certainty.CERTAIN)
    assert "its origin was example.com/acme/shop" in found.because


def test_a_history_that_was_rewritten_from_its_first_commit_on(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    git(shop, "commit", "-q", "--amend", "-m", "rewritten")
    (shop / ".git" / "opencode").unlink()
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop), Certainty.CERTAIN)


def test_an_id_that_nothing_explains_is_nobodys(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop, project_id="feedface")
    assert history.found(session).certainty is Certainty.UNKNOWN


def test_an_id_that_nothing_explains_and_the_snapshots_of_the_session_tell(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop, project_id="feedface")
    add_snapshot(history, session, shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop), Certainty.CERTAIN)


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
