"""After `consolidate`, the real opencode in the main working copy lists all sessions, continues them and undoes them.

The workspaces of jj are those of tests/support/jj.py, byte for byte as jj writes them; the worktrees are git's.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git
from tests.support.jj import JjRepository
from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import Lab, patched_files, writes
from tests.support.opencode.migrator_command import answer, undo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.conftest import Install

pytestmark = pytest.mark.long

KINDS = ("jj", "jj-deep", "jj-moved", "jj-forgotten", "jj-removed", "git", "git-moved", "git-locked", "git-pruned")
"""A session for each kind of workspace, named like it."""
STAYING = ("elsewhere", "plain")


@dataclass(frozen=True)
class Consolidated:
    """A lab whose sessions were consolidated, taken back, and consolidated again; opencode serves the main one."""

    lab: Lab
    rows_before: dict[str, list[tuple[object, ...]]]
    rows_after_undo: dict[str, list[tuple[object, ...]]]

    @property
    def main(self) -> Path:
        return self.lab.repos / "shop"


@pytest.fixture(scope="module")
def consolidated(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consolidated]:
    root = tmp_path_factory.mktemp("spaces").resolve()
    opencode = install(root / "home", MAIN)
    repos = root / "repos"
    lab = Lab(opencode, repos, {})

    def repository(name: str) -> Path:
        repo = repos / name
        (repo / "sub").mkdir(parents=True)
        (repo / "file0.txt").write_text(f"{name} as committed\n")
        (repo / "sub" / "x.txt").write_text("x\n")
        git(repo, "init", "--quiet", "--initial-branch=main")
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "--message", f"start of {name}")
        return repo

    shop = JjRepository(repository("shop")).build()
    other = repository("shop-elsewhere")
    for name in ("jj", "jj-moved", "jj-forgotten", "jj-removed"):
        workspace = shop.add(repos / f"shop-{name}", name)
        (workspace / "sub").mkdir()
        (workspace / "file0.txt").write_text(f"{name} as checked out\n")
    for name in ("git", "git-moved", "git-locked", "git-pruned"):
        git(shop.root, "worktree", "add", "--quiet", f"../shop-{name}")
    git(shop.root, "worktree", "lock", "../shop-git-locked")
    (repos / "shop-plain").mkdir()

    with opencode.serve(shop.root):
        where = {kind: repos / f"shop-{kind}" for kind in KINDS} | {
            "main": shop.root,
            "jj-deep": repos / "shop-jj" / "sub",
            "elsewhere": other,
            "plain": repos / "shop-plain",
        }
        for name, directory in where.items():
            session = lab.sessions[name] = opencode.new_session(name, directory)
            opencode.prompt(session, writes(f"{name}.txt", "v1\n"), directory)
            opencode.prompt(
                session,
                order("read", filePath="@CWD@/file0.txt") + writes(f"{name}.txt", f"by {name}\n"),
                directory,
            )
        for name in ("git", "git-moved", "git-locked", "git-pruned"):
            assert patched_files(opencode, lab.sessions[name]), "without a snapshot an undo would prove nothing"
    (repos / "shop-jj-moved").rename(repos / "shop-jj-here")
    (repos / "shop-git-moved").rename(repos / "shop-git-here")
    shop.forget("jj-forgotten")
    shop.remove("jj-removed")
    git(shop.root, "worktree", "remove", "--force", "../shop-git-pruned")
    git(shop.root, "worktree", "prune")
    shutil.rmtree(repos / "shop-git-pruned", ignore_errors=True)

    before = all_rows(opencode.database)
    run = answer(opencode, "consolidate", "--yes", cwd=repos / "shop-jj-here")
    assert (run["status"], run["verified"]) == ("applied", len(KINDS))
    undo(opencode, run["run"], cwd=shop.root)
    after = all_rows(opencode.database)
    assert answer(opencode, "consolidate", "--yes", cwd=repos / "shop-git-here" / "sub")["status"] == "applied"
    with opencode.serve(shop.root):
        yield Consolidated(lab, before, after)


def test_our_undo_brings_every_row_back(consolidated: Consolidated) -> None:
    assert consolidated.rows_after_undo == consolidated.rows_before


def test_the_main_working_copy_lists_all_of_them_and_no_look_alike(consolidated: Consolidated) -> None:
    lab = consolidated.lab
    everything = lab.ids("main", *KINDS)
    assert set(lab.opencode.listed(consolidated.main)) == everything
    assert lab.opencode.listed_in(consolidated.main) == everything - lab.ids("jj-deep")
    assert lab.opencode.listed_in(consolidated.main / "sub") == lab.ids("jj-deep")
    assert lab.opencode.listed_under(consolidated.main, "") == everything


def test_the_look_alikes_are_where_they_were(consolidated: Consolidated) -> None:
    lab = consolidated.lab
    for name in STAYING:
        assert lab.opencode.listed_in(lab.repos / f"shop-{name}") == lab.ids(name)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_continued_in_the_main_working_copy(consolidated: Consolidated, kind: str) -> None:
    lab = consolidated.lab
    directory = consolidated.main / "sub" if kind == "jj-deep" else consolidated.main
    before = lab.files()
    shell = order("bash", command=f"pwd > where-{kind}.txt", description="say where")
    lab.opencode.prompt(lab.sessions[kind], shell + writes(f"continued-{kind}.txt", "here\n"), directory)
    added = {file: content for file, content in lab.files().items() if before.get(file) != content}
    here = directory.relative_to(lab.repos)
    assert added == {f"{here}/where-{kind}.txt": f"{directory}\n".encode(), f"{here}/continued-{kind}.txt": b"here\n"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_undo_of_an_earlier_turn_touches_no_file_it_should_not(consolidated: Consolidated, kind: str) -> None:
    """Where file undo was detached no file at all; never one outside the main working copy, or of another session."""
    lab = consolidated.lab
    directory = consolidated.main / "sub" if kind == "jj-deep" else consolidated.main
    before = lab.files()
    lab.opencode.revert(lab.sessions[kind], lab.opencode.turns(lab.sessions[kind])[0], directory)
    after = lab.files()
    touched = {file for file in before.keys() | after.keys() if before.get(file) != after.get(file)}
    own = {f"{directory.relative_to(lab.repos)}/{name}-{kind}.txt" for name in ("where", "continued")}
    assert touched <= own | {f"shop/{kind}.txt"}
    lab.opencode.unrevert(lab.sessions[kind], directory)
    assert lab.files() == before
