"""`workspaces`: which working copies a repository has, alive or gone, and whose the sessions are."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git
from tests.support.jj import JjRepository
from tests.support.unprivileged import UnprivilegedHome
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
        why = f"git says that {tree}/.git is no repository because it has no branch in HEAD"
        assert f"left out: nobody can tell what is there: {why}" in shown.stderr

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
        "default  jj+git  main            1  ~/src/shop\n"
        "cart     jj      missing         0  ~/src/shop-cart\n"
        "search   jj      alive           1  ~/src/shop-search\n"
    )


class TestClosedDirectories:
    """What can't be looked at is neither there nor gone, and its sessions stay where they are."""

    def closed(self, spaces: Workspaces, directory: Path, cwd: Path) -> tuple[dict[str, Any], str, str]:
        """Return the rows by name, the notes, and where the sessions would go, while a directory may not be entered."""
        spaces.home = UnprivilegedHome(spaces.home.path)
        directory.chmod(0)
        shown = spaces.home.run("workspaces", "--json", cwd=cwd)
        plan = spaces.home.run("consolidate", "--dry-run", "--json", cwd=cwd)
        directory.chmod(0o755)
        assert shown.code == 0, shown.stderr
        assert plan.code == 0, plan.stderr
        return {row["name"]: row for row in shown.json}, shown.stderr, plan.stdout

    @pytest.mark.parametrize("where", ["itself", "above"])
    def test_a_worktree(self, spaces: Workspaces, where: str) -> None:
        shop = spaces.repository()
        above = spaces.src / "private"
        above.mkdir()
        git(shop, "worktree", "add", "-q", "../private/tree")
        id_ = spaces.titled(above / "tree", "in tree")
        closed = above if where == "above" else above / "tree"
        rows, notes, plan = self.closed(spaces, closed, shop)
        assert brief(rows)["tree"] == ("tree", "unreadable", 0)
        assert f"{closed} belongs to" in rows["tree"]["evidence"] or "it belongs to" in rows["tree"]["evidence"]
        assert f"note: 1 session in {above}/tree left out: nobody can tell what is there: " in notes
        assert id_ not in plan
        assert brief(listed(spaces, shop))["tree"] == ("tree", "alive", 1)

    def test_a_worktree_that_only_the_database_knows(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        above = spaces.src / "private"
        above.mkdir()
        git(shop, "worktree", "add", "-q", "../private/tree")
        spaces.titled(above / "tree", "in tree")
        git(shop, "worktree", "remove", "--force", "../private/tree")
        rows, notes, _ = self.closed(spaces, above, shop)
        assert brief(rows)["tree"] == ("tree", "unreadable", 0)
        assert "the database: " in rows["tree"]["evidence"]
        assert "nobody can tell what is there" in notes
        assert brief(listed(spaces, shop))["tree"] == ("tree", "pruned", 1)

    def test_a_jj_workspace_whose_link_is_a_fifo(self, spaces: Workspaces) -> None:
        shop = spaces.jj("shop", "relative")
        link = shop.add(spaces.src / "two", "two") / ".jj" / "repo"
        link.unlink()
        os.mkfifo(link)
        row = listed(spaces, shop.root)["two"]
        assert (row["state"], row["evidence"]) == (
            "unreadable", f"{link} can't be looked at: it is a FIFO, not a file"
        )  # fmt: skip

    @pytest.mark.parametrize("style", ["relative", "none"])
    def test_a_jj_workspace(self, spaces: Workspaces, style: str) -> None:
        shop = spaces.jj("shop", style)
        above = spaces.src / "private"
        above.mkdir()
        id_ = spaces.titled(shop.add(above / "two", "two"), "in two")
        rows, notes, plan = self.closed(spaces, above, shop.root)
        assert brief(rows)["two"] == ("two", "unreadable", 0)
        assert "nobody can tell what is there" in notes
        assert id_ not in plan
        assert brief(listed(spaces, shop.root))["two"] == ("two", "alive", 1)

    def test_a_directory_in_a_workspace_may_be_another_repository(self, spaces: Workspaces) -> None:
        shop = spaces.repository()
        id_ = spaces.titled(shop / "vendor" / "lib", "in vendor")
        rows, notes, plan = self.closed(spaces, shop / "vendor", shop)
        assert rows["shop"]["sessions"] == 1
        assert f"note: 1 session in {shop}/vendor/lib left out: nobody can tell" in notes
        assert id_ not in plan

    def test_a_repository_is_not_gone(self, spaces: Workspaces) -> None:
        shop = spaces.jj()
        two = shop.add(spaces.src / "two")
        spaces.home = UnprivilegedHome(spaces.home.path)
        shop.root.chmod(0)
        shown = spaces.home.run("workspaces", cwd=two)
        shop.root.chmod(0o755)
        assert shown.code == 1
        assert "can't be looked at: Permission denied" in shown.stderr
        assert "no longer" not in shown.stderr

    def test_the_list_of_workspaces(self, spaces: Workspaces) -> None:
        shop = spaces.jj()
        _, notes, _ = self.closed(spaces, shop.index.parent, shop.root)
        assert f"note: {shop.index} can't be looked at: Permission denied" in notes

    def test_where_its_sessions_come_from_is_not_no_repository(self, spaces: Workspaces) -> None:
        shop, other = spaces.jj(), spaces.repository("other")
        spaces.titled(shop.add(spaces.src / "two"), "in two")
        spaces.home = UnprivilegedHome(spaces.home.path)
        (spaces.src / "two").chmod(0)
        words = ("move", "--from-dir", "~/src/*", "--to-dir", other, "--dry-run")
        shown = spaces.home.run(*words)
        (spaces.src / "two").chmod(0o755)
        assert "a directory that can't be looked at" in shown.stdout
        assert "no git or jj repository" not in shown.stdout
        assert "can't be looked at" not in spaces.home.run(*words).stdout
