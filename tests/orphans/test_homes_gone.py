"""A session whose directory is gone belongs to the checkout that its project has elsewhere, if there is only one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import copy_of, git, repository, sub_directory
from tests.support.history import directory_of

if TYPE_CHECKING:
    from tests.support.history import History


def renamed(history: History, old: str, new: str, *, opened: bool = True) -> Path:
    target = history.src / new
    target.parent.mkdir(parents=True, exist_ok=True)
    (history.src / old).rename(target)
    if opened:
        history.opened(target)
    return target


def test_a_renamed_repository(history: History) -> None:
    shop = repository(history.src / "shop")
    sub_directory(shop / "sub" / "deep")
    top, deep = history.session(shop), history.session(shop / "sub" / "deep")
    new = renamed(history, "shop", "store")
    for session, expected in ((top, new), (deep, new / "sub" / "deep")):
        found = history.found(session)
        assert found.certainty is Certainty.CERTAIN
        assert found.place == history.opened(expected)


def test_a_repository_that_opencode_has_not_seen_in_its_new_place_is_not_looked_for(history: History) -> None:
    session = history.session(repository(history.src / "shop"))
    renamed(history, "shop", "store", opened=False)
    found = history.found(session)
    assert found.place is None
    assert found.why_not == "no checkout of its project is known to be here; --search DIR looks for it below DIR"


def test_a_sub_directory_that_is_gone_falls_back_to_what_is_nearest(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub" / "deep" / "deeper"))
    shutil.rmtree(shop / "sub" / "deep")
    assert directory_of(history.found(session)) == str(shop / "sub")


def test_a_sub_directory_that_is_another_repository_now_is_not_entered(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub"))
    new = renamed(history, "shop", "store")
    (new / "sub").rmdir()
    repository(new / "sub")
    assert directory_of(history.found(session)) == str(new)


def test_a_sub_directory_that_is_a_link_out_is_not_followed(history: History) -> None:
    """Not even into another worktree of the same repository."""
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub"))
    new = renamed(history, "shop", "store")
    git(new, "worktree", "add", "-q", "../linked")
    (new / "sub").rmdir()
    (new / "sub").symlink_to(sub_directory(history.src / "linked" / "sub"))
    assert directory_of(history.found(session)) == str(new)


def test_a_removed_worktree_falls_back_to_the_main_one(history: History) -> None:
    shop = repository(history.src / "shop")
    history.opened(shop)
    for name in ("one", "two"):
        git(shop, "worktree", "add", "-q", f"../{name}")
    one, two = history.session(history.src / "one"), history.session(history.src / "two")
    git(shop, "worktree", "remove", "../one")
    assert directory_of(history.found(one)) == str(shop)
    assert two not in history.lost()


def test_a_renamed_repository_with_worktrees_is_one_repository(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    git(shop, "worktree", "add", "-q", "../linked")
    history.opened(history.src / "linked")
    shop.rename(history.src / "store")
    git(history.src / "store", "worktree", "repair", str(history.src / "linked"))
    history.opened(history.src / "linked")
    assert directory_of(history.found(session)) == str(history.src / "store")


def test_two_other_checkouts_are_named_and_none_is_taken(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub"))
    for name in ("one", "two"):
        copy_of(shop, history.src / name)
        history.opened(history.src / name)
    shutil.rmtree(shop)
    found = history.found(session)
    assert found.place is None
    assert found.rivals == (str(history.src / "one"), str(history.src / "two"))
    assert "several checkouts" in found.why_not


def test_a_place_that_became_another_project_is_not_it(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    new = renamed(history, "shop", "store")
    shutil.rmtree(new)
    repository(new)
    assert directory_of(history.found(session)) is None


def test_a_file_in_the_place_of_the_directory(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    new = renamed(history, "shop", "store")
    shop.write_text("a file\n")
    assert directory_of(history.found(session)) == str(new)


def test_a_row_without_a_path_keeps_its_place_below_the_worktree(history: History) -> None:
    """Rows from before 1.14 have none."""
    shop = repository(history.src / "shop")
    place = history.opened(sub_directory(shop / "sub"))
    session = history.session(f"{shop}/sub", project_id=place.project_id)
    new = renamed(history, "shop", "store")
    assert directory_of(history.found(session)) == str(new / "sub")


def test_a_path_from_before_the_repository_is_not_believed(history: History) -> None:
    """opencode leaves the path that is relative to "/" when it adopts a session."""
    shop = repository(history.src / "shop")
    place = history.opened(sub_directory(shop / "sub"))
    session = history.session(place.directory, project_id=place.project_id, path=place.directory[1:])
    new = renamed(history, "shop", "store")
    assert directory_of(history.found(session)) == str(new / "sub")


def test_the_children_keep_their_places(history: History) -> None:
    shop = repository(history.src / "shop")
    root = history.session(shop)
    child = history.session(shop, root)
    new = renamed(history, "shop", "store")
    assert directory_of(history.found(root)) == directory_of(history.found(child)) == str(new)


def test_a_folder_outside_any_repository_is_not_guessed_at(history: History) -> None:
    notes = sub_directory(history.src / "notes")
    session = history.session(notes)
    renamed(history, "notes", "notes-2")
    found = history.found(session)
    assert found.place is None
    assert "in no repository" in found.why_not


@pytest.mark.parametrize(
    "foreign",
    ["/workspaces/shop", "/home/nobody-of-this-name/src/shop", "/Users/bob/src/shop", "C:/Users/bob/shop", r"C:\shop"],
)
def test_a_place_of_another_machine_or_container_stays_there(history: History, foreign: str) -> None:
    """The same repository is here too, and only here: that is what a container looks like from outside."""
    if foreign.startswith("/workspaces") and Path("/workspaces").is_dir():
        pytest.skip("this is a container with /workspaces")
    place = history.opened(repository(history.src / "shop"))
    session = history.session(foreign, project_id=place.project_id, path="")
    found = history.found(session)
    assert found.place is None
    assert not found.rivals
    assert "another" in found.why_not
    searched = history.found(session, [history.src])
    assert (directory_of(searched), searched.certainty) == (place.directory, Certainty.LIKELY)
