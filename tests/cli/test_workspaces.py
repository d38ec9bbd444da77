"""`workspaces`: which working copies a repository has, alive or gone, and whose the sessions are."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git
from tests.support.jj import JjRepository
from tests.support.workspaces import Workspaces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "home")


def listed(spaces: Workspaces, cwd: Path, *words: str | Path) -> dict[str, Any]:
    """The rows by name."""
    shown = spaces.home.run("workspaces", *words, "--json", cwd=cwd)
    assert shown.code == 0, shown.stderr
    return {row["name"]: row for row in shown.json}


def brief(rows: dict[str, Any]) -> dict[str, tuple[str, str, int]]:
    return {name: (row["path"].rpartition("/")[2], row["state"], row["sessions"]) for name, row in rows.items()}


def test_git_worktrees_of_every_kind(spaces: Workspaces) -> None:
    shop = spaces.repository("shop", "packages")
    for name in ("search", "on-a-stick", "cart", "deleted", "pruned", "line\nbreak"):
        git(shop, "worktree", "add", "-q", "-b", f"b-{name[:4]}", f"../{name}")
        spaces.titled(spaces.src / name, f"in {name}")
    git(shop, "worktree", "lock", "../on-a-stick")
    (spaces.src / "cart").rename(spaces.src / "basket")
    spaces.titled(spaces.src / "basket" / "packages", "in basket")
    shutil.rmtree(spaces.src / "deleted")
    git(shop, "worktree", "remove", "--force", "../pruned")
    assert brief(listed(spaces, spaces.src / "basket")) == {
        "shop": ("shop", "alive", 1),
        "search": ("search", "alive", 1),
        "on-a-stick": ("on-a-stick", "alive", 1),
        "cart": ("basket", "moved", 2),
        "deleted": ("deleted", "missing", 1),
        "line-break": ("line\nbreak", "alive", 1),
        "pruned": ("pruned", "pruned", 1),
    }
    rows = listed(spaces, shop)
    assert rows["cart"]["formerly"] == [str(spaces.src / "cart")]
    assert rows["on-a-stick"]["locked"] == ""
    assert rows["pruned"]["evidence"] == "the database: project.sandboxes"


def test_a_pruned_worktree_that_lay_inside_the_main_working_copy(spaces: Workspaces) -> None:
    shop = spaces.repository()
    git(shop, "worktree", "add", "-q", ".worktrees/one")
    spaces.titled(shop / ".worktrees/one/packages", "in one")
    git(shop, "worktree", "remove", "--force", ".worktrees/one")
    assert brief(listed(spaces, shop)) == {"shop": ("shop", "alive", 1), "one": ("one", "pruned", 1)}


def test_a_worktree_that_was_moved_and_then_pruned_is_known_by_its_git_file(spaces: Workspaces) -> None:
    shop = spaces.repository()
    spaces.titled(spaces.worktree(shop, "one"), "in one")
    (spaces.src / "one").rename(spaces.src / "uno")
    git(shop, "worktree", "prune")
    rows = brief({row["path"]: row for row in spaces.home.run("workspaces", "--json", cwd=shop).json})
    assert rows == {
        str(shop): ("shop", "alive", 1),
        str(spaces.src / "uno"): ("uno", "pruned", 0),
        str(spaces.src / "one"): ("one", "pruned", 1),
    }


def test_a_session_that_opencode_adopted_makes_no_workspace(spaces: Workspaces) -> None:
    """Its path stays what it was outside of any repository: the directory without its leading slash."""
    shop = spaces.repository()
    spaces.home.execute("UPDATE session SET path = substr(directory, 2) WHERE directory = ?", [str(shop)])
    assert brief(listed(spaces, shop)) == {"shop": ("shop", "alive", 1)}


def test_a_bare_repository_has_worktrees_and_no_main_one(spaces: Workspaces) -> None:
    shop = spaces.repository()
    git(shop, "clone", "-q", "--bare", ".", "../bare.git")
    git(spaces.src / "bare.git", "worktree", "add", "-q", "../tree")
    spaces.titled(spaces.src / "tree", "in tree")
    for cwd in (spaces.src / "tree", spaces.src / "bare.git"):
        rows = listed(spaces, cwd)
        assert brief(rows)["tree"] == ("tree", "alive", 1)
        assert not any(row["main"] for row in rows.values())


@pytest.mark.parametrize("style", ["relative", "absolute", "none"])
def test_jj_workspaces_of_every_kind(spaces: Workspaces, style: str) -> None:
    shop = spaces.jj("shop", style)
    for name in ("search", "cart", "deleted", "forgotten", "removed"):
        spaces.titled(shop.add(spaces.src / f"shop-{name}", name), f"in {name}")
    (spaces.src / "shop-cart").rename(spaces.src / "basket")
    spaces.titled(spaces.src / "basket" / "packages", "in basket")
    shutil.rmtree(spaces.src / "shop-deleted")
    shop.forget("forgotten")
    shop.remove("removed")
    rows = listed(spaces, spaces.src / "shop-search")
    assert brief(rows) == {
        "default": ("shop", "alive", 1),
        "search": ("shop-search", "alive", 1),
        "cart": ("basket", "moved", 2),
        "deleted": ("shop-deleted", "missing", 1),
        "forgotten": ("shop-forgotten", "forgotten", 1),
        "removed": ("shop-removed", "forgotten", 1),
    }
    assert rows["removed"]["evidence"].startswith("jj's operation log: jj workspace add ../shop-removed")
    assert rows["default"]["kind"] == "jj+git"


@pytest.mark.parametrize("backing", ["internal", "external"])
def test_jj_with_its_git_repository_elsewhere(spaces: Workspaces, backing: str) -> None:
    git(spaces.src, "init", "-q", "backing")
    shop = JjRepository(spaces.src / "shop", backing=backing).build(spaces.src / "backing/.git")
    spaces.titled(shop.add(spaces.src / "two"), "in two")
    spaces.titled(shop.root, "in shop")
    spaces.titled(spaces.src / "backing", "in backing")
    assert brief(listed(spaces, spaces.src / "two")) == {
        "default": ("shop", "alive", 1),
        "two": ("two", "alive", 1),
    }


def test_git_worktrees_of_a_colocated_jj_repository_are_workspaces_too(spaces: Workspaces) -> None:
    shop = spaces.jj()
    spaces.titled(shop.add(spaces.src / "two"), "in two")
    git(shop.root, "commit", "-q", "--allow-empty", "-m", "more")
    spaces.titled(spaces.worktree(shop.root, "tree"), "in tree")
    rows = brief(listed(spaces, spaces.src / "tree"))
    assert rows == {"default": ("shop", "alive", 1), "two": ("two", "alive", 1), "tree": ("tree", "alive", 1)}


def test_a_damaged_index_is_said_and_what_the_disk_knows_is_listed(spaces: Workspaces) -> None:
    shop = spaces.jj()
    spaces.titled(shop.add(spaces.src / "two"), "in two")
    shop.index.write_bytes(b"\x0a\xff")
    shown = spaces.home.run("workspaces", "--json", cwd=shop.root)
    assert [row["name"] for row in shown.json] == ["default", "two"]
    assert shown.stderr == f"note: {shop.index} is damaged.\n"


class TestLookAlikes:
    """Their directories match, and they belong to something else."""

    def test_in_the_place_of_a_missing_workspace(self, spaces: Workspaces) -> None:
        shop = spaces.jj()
        spaces.titled(shop.add(spaces.src / "two"), "in two")
        shutil.rmtree(spaces.src / "two")
        spaces.titled(spaces.home.repository("two"), "in another")
        rows = listed(spaces, shop.root)
        assert brief(rows)["two"] == ("two", "missing", 0)

    def test_a_clone_of_the_same_project_in_the_place_of_a_missing_worktree(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        shutil.rmtree(spaces.worktree(shop, "tree"))
        git(shop, "clone", "-q", ".", "../tree")
        git(spaces.src / "tree", "remote", "remove", "origin")
        spaces.titled(spaces.src / "tree", "in the clone")
        assert brief(listed(spaces, shop))["tree"] == ("tree", "missing", 0)

    def test_a_repository_that_git_cant_read_in_the_place_of_a_missing_worktree(self, spaces: Workspaces) -> None:
        """A clone, or the worktree itself as it is now: nobody can tell, so nothing is gathered from it."""
        shop = spaces.repository()
        tree = spaces.worktree(shop, "tree")
        spaces.titled(tree, "in the worktree")
        shutil.rmtree(tree)
        git(shop, "clone", "-q", ".", "../tree")
        (tree / ".git" / "HEAD").write_text("")
        shown = spaces.home.run("workspaces", "--json", cwd=shop)
        assert {row["name"]: row["sessions"] for row in shown.json} == {"shop": 1, "tree": 0}
        assert f"left out: git says that {tree}/.git is no repository because it has no branch in HEAD" in shown.stderr

    def test_in_a_plain_directory_that_took_the_place_of_a_moved_workspace(self, spaces: Workspaces) -> None:
        shop = spaces.jj()
        shop.add(spaces.src / "two").rename(spaces.src / "here")
        spaces.titled(spaces.src / "two", "in a new directory")
        shown = spaces.home.run("workspaces", "--json", cwd=shop.root)
        assert {row["name"]: (row["state"], row["sessions"]) for row in shown.json}["two"] == ("moved", 0)
        assert f"{spaces.src}/two is there, and no workspace of this repository" in shown.stderr

    def test_of_another_project_that_was_in_the_place_of_a_worktree_before(self, spaces: Workspaces) -> None:
        spaces.titled(spaces.home.repository("tree"), "of long ago")
        shutil.rmtree(spaces.src / "tree")
        shop = spaces.repository()
        spaces.worktree(shop, "tree")
        assert brief(listed(spaces, shop))["tree"] == ("tree", "alive", 0)

    def test_older_than_the_workspace_that_the_operation_log_remembers(self, spaces: Workspaces) -> None:
        shop = spaces.jj("shop", "none")
        spaces.titled(spaces.src / "two", "of long ago", created=shop.clock - 1)
        shutil.rmtree(spaces.src / "two")
        shop.add(spaces.src / "two")
        shop.remove("two")
        assert brief(listed(spaces, shop.root)) == {"default": ("shop", "alive", 1)}

    def test_named_like_a_forgotten_workspace_but_somewhere_else(self, spaces: Workspaces) -> None:
        shop = spaces.jj("shop", "none")
        shop.add(spaces.src / "two")
        shop.remove("two")
        spaces.titled(spaces.home.path / "elsewhere" / "two", "elsewhere")
        spaces.titled(spaces.src / "shop-two", "a sibling")
        spaces.titled(spaces.src / "twofold", "a longer name")
        assert brief(listed(spaces, shop.root)) == {"default": ("shop", "alive", 1)}

    def test_nested_in_a_workspace(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        tree = spaces.worktree(shop, "tree")
        git(shop, "clone", "-q", ".", str(tree / "vendor"))
        git(tree / "vendor", "remote", "set-url", "origin", "https://example.com/other.git")
        spaces.titled(tree / "vendor", "vendored")
        shown = spaces.home.run("workspaces", "--json", cwd=shop)
        assert {row["name"]: row["sessions"] for row in shown.json} == {"shop": 1, "tree": 0}
        assert shown.stderr == f"note: 1 session in {tree}/vendor left out: {tree}/vendor is another repository.\n"

    def test_a_second_clone_with_the_same_project_id(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        git(shop, "clone", "-q", ".", "../clone")
        git(spaces.src / "clone", "remote", "remove", "origin")
        spaces.titled(spaces.src / "clone", "in the clone")
        assert spaces.home.query("SELECT count(DISTINCT project_id) FROM session") == [(1,)]
        assert brief(listed(spaces, shop)) == {"shop": ("shop", "alive", 1)}


class TestWhichRepository:
    def test_a_name_of_a_project_or_a_directory(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        spaces.worktree(shop, "tree")
        for said in ("shop", "~/src/tree", shop, "src/tree"):
            assert set(listed(spaces, spaces.home.path, said)) == {"shop", "tree"}

    def test_none_at_all(self, spaces: Workspaces) -> None:
        shown = spaces.home.run("workspaces", cwd=spaces.src)
        assert (shown.code, shown.stdout) == (1, "")
        assert shown.stderr == (
            f"error: {spaces.src} is in no git or jj repository; name a directory in any workspace of the repository.\n"
        )

    def test_one_that_moved_away_from_its_workspace(self, spaces: Workspaces) -> None:
        shop = spaces.jj()
        two = shop.add(spaces.src / "two")
        shop.root.rename(spaces.src / "store")
        shown = spaces.home.run("workspaces", cwd=two)
        assert shown.code == 1
        assert f"The jj workspace {two} belongs to a repository that is no longer at {shop.repo}" in shown.stderr

    def test_git_worktree_whose_repository_moved(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        tree = spaces.worktree(shop, "tree")
        shop.rename(spaces.src / "store")
        shown = spaces.home.run("workspaces", cwd=tree)
        assert shown.code == 1
        assert f"{tree}/.git leads to no repository" in shown.stderr


def test_the_table(spaces: Workspaces) -> None:
    shop = spaces.jj()
    spaces.titled(shop.add(spaces.src / "shop-search", "search"), "in search")
    shop.add(spaces.src / "shop-cart", "cart")
    shutil.rmtree(spaces.src / "shop-cart")
    assert spaces.home.run("workspaces", cwd=shop.root).stdout == (
        "Name     Kind    State    Sessions  Directory\n"
        "default  jj+git  main     1         ~/src/shop\n"
        "cart     jj      missing  0         ~/src/shop-cart\n"
        "search   jj      alive    1         ~/src/shop-search\n"
    )
