"""A session whose directory is gone belongs to the checkout that its project has elsewhere, if there is only one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.model import Certainty
from tests.support.git import clone, copy_of, git, repository, root_commit, sub_directory
from tests.support.history import directory_of
from tests.support.snapshots import snapshot, snapshot_repository
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from tests.support.history import History


def renamed(history: History, old: str, new: str, *, opened: bool = True) -> Path:
    target = history.src / new
    target.parent.mkdir(parents=True, exist_ok=True)
    (history.src / old).rename(target)
    if opened:
        history.opened(target)
    return target


@pytest.mark.parametrize("evidence", ["not opened yet", "snapshots", "none"])
def test_a_renamed_repository(history: History, evidence: str) -> None:
    """Once opencode has been started in it under its new name, it could be a clone too: then snapshots tell."""
    shop = repository(history.src / "shop")
    sub_directory(shop / "sub" / "deep")
    top, deep = history.session(shop), history.session(shop / "sub" / "deep")
    if evidence == "snapshots":
        snapshot(history.home, shop)
    new = renamed(history, "shop", "store", opened=evidence != "not opened yet")
    homes = {new: history.found(top), new / "sub" / "deep": history.found(deep)}
    for expected, found in homes.items():
        assert found.certainty is (Certainty.LIKELY if evidence == "none" else Certainty.CERTAIN)
        assert found.place == history.opened(expected)


@pytest.mark.parametrize("search", [True, False])
def test_a_repository_renamed_beside_its_clone(history: History, *, search: bool) -> None:
    """Opencode was not started in it under its new name, and works in the clone."""
    shop = repository(history.src / "shop")
    of_shop = history.session(sub_directory(shop / "sub"))
    of_clone = history.session(clone(shop, "shop-review"))
    again = history.session(shop)
    store = renamed(history, "shop", "store", opened=False)
    for session, expected in ((of_shop, store / "sub"), (again, store)):
        found = history.found(session, [history.src] if search else [])
        assert (directory_of(found), found.certainty) == (str(expected), Certainty.CERTAIN)
    assert of_clone not in history.lost()


def test_a_clone_of_what_is_gone_is_likely_at_most(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    review = clone(shop, "shop-review")
    history.session(review)
    shutil.rmtree(shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(review), Certainty.LIKELY)


def test_a_repository_that_opencode_has_not_seen_in_its_new_place_elsewhere(history: History) -> None:
    session = history.session(repository(history.src / "shop"))
    renamed(history, "shop", "far/store", opened=False)
    found = history.found(session)
    assert found.place is None
    assert found.why_not == ("no checkout of the project is known here; --search DIR looks for it below DIR")


def test_a_folder_renamed_above_its_repositories(history: History) -> None:
    one, two = repository(history.src / "work" / "one"), repository(history.src / "work" / "deep" / "two")
    sessions = {history.session(one): "one", history.session(sub_directory(two / "sub")): "deep/two/sub"}
    (history.src / "work").rename(history.src / "done")
    for session, below in sessions.items():
        found = history.found(session)
        assert (directory_of(found), found.certainty) == (str(history.src / "done" / below), Certainty.CERTAIN)


def test_a_clone_that_opencode_never_opened_is_no_renamed_repository(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    clone(shop, "fresh")
    shutil.rmtree(shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "fresh"), Certainty.LIKELY)


@pytest.mark.parametrize("way", ["keeping times", "plainly"])
def test_a_copy_of_what_moved_out_of_sight_is_likely_at_most(history: History, way: str) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    subprocess.run(["cp", "-a" if way == "keeping times" else "-r", shop, history.src / "copy"], check=True)
    renamed(history, "shop", "far/store", opened=False)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "copy"), Certainty.LIKELY)


def test_a_copy_in_which_git_was_used_since_is_likely_at_most(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    subprocess.run(["cp", "-a", shop, history.src / "copy"], check=True)
    git(history.src / "copy", "status")  # which writes the inodes of the copy into its index
    shutil.rmtree(shop)
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(history.src / "copy"), Certainty.LIKELY)


def test_of_two_that_are_gone_nobody_knows_which_was_renamed(history: History) -> None:
    shop = repository(history.src / "shop")
    review = clone(shop, "shop-review")
    sessions = [history.session(shop), history.session(review)]
    renamed(history, "shop", "store", opened=False)
    shutil.rmtree(review)
    for session in sessions:
        found = history.found(session)
        assert (directory_of(found), found.certainty) == (str(history.src / "store"), Certainty.LIKELY)


def test_of_two_that_are_gone_snapshots_tell_which_was_renamed(history: History) -> None:
    shop = repository(history.src / "shop")
    review = clone(shop, "shop-review")
    of_shop, of_review = history.session(shop), history.session(review)
    for worktree in (shop, review):
        snapshot(history.home, worktree)
    renamed(history, "shop", "far/store")
    renamed(history, "shop-review", "review", opened=False)
    for session, expected in ((of_shop, "far/store"), (of_review, "review")):
        found = history.found(session)
        assert (directory_of(found), found.certainty) == (str(history.src / expected), Certainty.CERTAIN)


def test_a_renamed_repository_that_git_can_not_read_is_named(history: History) -> None:
    """Its clone is not offered instead."""
    shop = repository(history.src / "shop")
    session = history.session(shop)
    history.session(clone(shop, "shop-review"))
    store = renamed(history, "shop", "store", opened=False)
    (store / ".git" / "HEAD").write_text("")
    found = history.found(session)
    assert found.place is None
    assert f"nobody can tell whether {store} is it" in found.why_not
    assert "HEAD" in found.why_not


@pytest.mark.parametrize("known", [True, False])
def test_beside_what_git_can_not_read_nothing_is_certain(history: History, *, known: bool) -> None:
    """It may be the one that is looked for, unless opencode knew it as another project."""
    shop, damaged = repository(history.src / "shop"), repository(history.src / "damaged")
    session = history.session(shop)
    if known:
        history.opened(damaged)
    (damaged / ".git" / "config").write_text("[core\n")
    store = renamed(history, "shop", "store", opened=False)
    found = history.found(session)
    certainty = Certainty.CERTAIN if known else Certainty.LIKELY
    assert (directory_of(found), found.certainty) == (str(store), certainty)


def test_where_nothing_beside_it_can_be_listed_nobody_can_tell(history: History) -> None:
    session = history.session(repository(history.src / "shop"))
    renamed(history, "shop", "store", opened=False)
    history.src.chmod(0o300)
    try:
        run = UnprivilegedHome(history.home.path).run("rescue", "--dry-run", "--json")
    finally:
        history.src.chmod(0o700)
    (said,) = [warning["message"] for warning in run.json["warnings"] if warning["session"] == session]
    assert f"nobody can tell what is beside it: {history.src} can't be looked at" in said


def test_beside_a_folder_that_is_closed_nothing_is_certain(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(shop)
    store = renamed(history, "shop", "store", opened=False)
    sub_directory(history.src / "closed").chmod(0)
    (row,) = UnprivilegedHome(history.home.path).run("orphans", "--from-id", session, "--json").json
    assert (row["suggestion"]["directory"], row["suggestion"]["certainty"]) == (str(store), "likely")


@pytest.mark.parametrize("branch", ["linked", "other"])
def test_a_removed_worktree_of_a_repository_that_opencode_never_opened_itself(history: History, branch: str) -> None:
    """It keeps the same id for all its worktrees: of one that was removed, only branch and snapshots tell."""
    shop = repository(history.src / "shop")
    git(shop, "worktree", "add", "-q", "-b", branch, "../linked")
    session = history.session(history.src / "linked")
    if branch == "other":
        snapshot_of_linked(history, shop)
    git(shop, "worktree", "remove", "--force", "../linked")
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop), Certainty.LIKELY)


def snapshot_of_linked(history: History, shop: Path) -> None:
    """As opencode takes it: it borrows the objects of the repository."""
    linked = history.src / "linked"
    snapshot(history.home, linked)
    alternates = snapshot_repository(history.home, root_commit(shop), linked) / "objects" / "info" / "alternates"
    alternates.write_text(f"{shop}/.git/objects\n")


def test_a_sub_directory_that_is_gone_falls_back_to_what_is_nearest(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub" / "deep" / "deeper"))
    shutil.rmtree(shop / "sub" / "deep")
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop / "sub"), Certainty.LIKELY)


def test_a_sub_directory_that_was_renamed_is_known_by_its_files(history: History) -> None:
    shop = repository(history.src / "shop")
    package = sub_directory(shop / "packages" / "old" / "src")
    (package / "file.txt").write_text("x\n")
    sub_directory(shop / "packages" / "other" / "src")
    session = history.session(package)
    snapshot(history.home, shop)
    (shop / "packages" / "old").rename(shop / "packages" / "new")
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(shop / "packages" / "new" / "src"), Certainty.CERTAIN)


def test_a_sub_directory_that_is_gone_from_a_renamed_repository_is_likely(history: History) -> None:
    shop = repository(history.src / "shop")
    session = history.session(sub_directory(shop / "sub"))
    store = renamed(history, "shop", "store", opened=False)
    (store / "sub").rmdir()
    found = history.found(session)
    assert (directory_of(found), found.certainty) == (str(store), Certainty.LIKELY)


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
    session, top = history.session(sub_directory(shop / "sub")), history.session(shop)
    for name in ("one", "two"):
        copy_of(shop, history.src / name)
        history.opened(history.src / name)
    shutil.rmtree(shop)
    found = history.found(session)
    assert found.place is None
    assert found.rivals == (str(history.src / "one"), str(history.src / "two"))
    several = f"its project has several checkouts here: {' and '.join(found.rivals)}"
    assert found.why_not == f"{shop} is gone, and {several}"
    assert history.found(top).why_not == several  # that its own directory is gone, the rule says already


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
