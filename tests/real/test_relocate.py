"""A folder has moved: the real opencode, started in the new place, finds everything there and nothing of the old."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.opencode.binary import MAIN
from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A, Lab, writes
from tests.support.opencode.migrator_command import answer, undo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.conftest import FreshLab
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

ORDERS = ["moved", "opened there before", "will move"]
"""When the folder moves: before `relocate`; before, and opencode was opened in the new place; after it."""


def relocate(opencode: OpenCode, old: Path, new: Path, *more: str, cwd: Path) -> Any:
    run = answer(opencode, "relocate", old, new, *more, "--undo-files", "detach", "--yes", cwd=cwd)
    assert run["status"] == "applied"
    return run


def follow(lab: Lab, old: Path, new: Path, order: str) -> Any:
    """Move a folder and relocate, in that order or the other, and let git mend what is git's; our run."""
    new.parent.mkdir(exist_ok=True)
    if order == "will move":
        run = relocate(lab.opencode, old, new, "--will-move", cwd=lab.opencode.home)
        old.rename(new)
    else:
        old.rename(new)
        if order == "opened there before":
            with lab.opencode.serve(new):
                lab.opencode.call("GET", "/project/current", directory=new)
        run = relocate(lab.opencode, old, new, cwd=lab.opencode.home)
    for warning in run["warnings"]:
        if warning["code"] == "worktree-repair":
            (command,) = re.findall(r"`(git -C [^`]+)`", warning["message"])
            done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)
            assert "error" not in done.stderr
    return run


def projects(opencode: OpenCode, directory: Path) -> dict[str, tuple[str, list[str]]]:
    """(worktree, sandboxes) of every project that opencode shows."""
    answer = opencode.call("GET", "/project", directory=directory)
    return {project["id"]: (project["worktree"], project["sandboxes"]) for project in answer}


@dataclass(frozen=True)
class Moved:
    """Repository A has moved; opencode serves it in the new place."""

    lab: Lab
    old: Path
    new: Path
    projects_before: dict[str, tuple[str, list[str]]]


@pytest.fixture(scope="class", params=ORDERS)
def moved(fresh_lab: FreshLab, request: pytest.FixtureRequest) -> Iterator[Moved]:
    lab = fresh_lab(MAIN)
    old, new = lab.a, lab.repos / "elsewhere" / "renamed"
    with lab.opencode.serve(old):
        before = projects(lab.opencode, old)
    follow(lab, old, new, request.param)
    with lab.opencode.serve(new):
        yield Moved(lab, old, new, before)


class TestARepositoryThatMoved:
    """The tests ask different sessions, so their order does not matter."""

    def test_session_list_shows_every_session(self, moved: Moved) -> None:
        assert set(moved.lab.opencode.listed(moved.new)) == moved.lab.ids(*ROOTS_IN_A, "in worktree")

    def test_the_directory_filter_finds_them_in_the_new_place_only(self, moved: Moved) -> None:
        lab = moved.lab
        assert lab.opencode.listed_in(moved.new) == lab.ids(*IN_A) - lab.ids("deep")
        assert lab.opencode.listed_in(moved.new / "sub/deep") == lab.ids("deep")
        assert lab.opencode.listed_in(moved.old) == set()

    def test_the_terminal_ui_finds_them(self, moved: Moved) -> None:
        lab = moved.lab
        assert lab.ids(*IN_A) <= lab.opencode.listed_under(moved.new, "")
        assert lab.opencode.listed_under(moved.new / "sub/deep", "sub/deep") == lab.ids("deep")

    def test_there_is_no_second_project_and_nothing_of_the_old_path(self, moved: Moved) -> None:
        lab = moved.lab
        now = projects(lab.opencode, moved.new)
        assert now.keys() == moved.projects_before.keys()
        assert (str(moved.new), [str(lab.worktree)]) in now.values()
        assert f'"{moved.old}"' not in json.dumps(lab.opencode.call("GET", "/project", directory=moved.new))
        current = lab.opencode.call("GET", "/project/current", directory=moved.new)
        assert current["worktree"] == str(moved.new)
        stale = "SELECT count(*) FROM project_directory WHERE directory = ?"
        assert lab.count(stale, str(moved.old)) == 0

    def test_the_linked_worktree_still_belongs_to_it(self, moved: Moved) -> None:
        lab = moved.lab
        assert lab.opencode.listed_in(lab.worktree) == lab.ids("in worktree")

    def test_undo_of_an_earlier_turn_touches_no_file(self, moved: Moved) -> None:
        """One after the other: an undo at the top is what opencode knows of the files outside `sub/deep`.

        Its redo of a session in a sub-directory writes over what else changed since, be it moved or not.
        """
        lab = moved.lab
        for name in ("main", "fork", "deep", "child"):
            session, before = lab.sessions[name], lab.files()
            lab.opencode.revert(session, lab.opencode.turns(session)[0], moved.new)
            assert lab.files() == before, name
            lab.opencode.unrevert(session, moved.new)
            assert lab.files() == before, name

    @pytest.mark.parametrize("name", ["parent", "grandchild", "archived"])
    def test_a_session_is_continued_in_the_new_place(self, moved: Moved, name: str) -> None:
        lab, session = moved.lab, moved.lab.sessions[name]
        shell = order("bash", command=f"pwd > shell-{name}.txt", description="say where")
        lab.opencode.prompt(session, shell + writes(f"written-{name}.txt", "here\n"), moved.new)
        assert (moved.new / f"shell-{name}.txt").read_text() == f"{moved.new}\n"
        assert (moved.new / f"written-{name}.txt").read_text() == "here\n"
        assert not moved.old.exists()


@pytest.mark.parametrize("when", ORDERS)
def test_taken_back_every_row_is_as_it_was(lab: Lab, when: str) -> None:
    old, new = lab.a, lab.repos / "renamed"
    if when == "opened there before":
        old.rename(new)
        with lab.opencode.serve(new):
            lab.opencode.call("GET", "/project/current", directory=new)
        new.rename(old)
        when = "moved"
    before = all_rows(lab.opencode.database)
    run = follow(lab, old, new, when)
    assert all_rows(lab.opencode.database) != before
    undo(lab.opencode, run["run"], cwd=new)
    assert all_rows(lab.opencode.database) == before


def test_a_parent_folder_of_everything(lab: Lab) -> None:
    """Repositories, with and without an origin, a linked worktree with its repository, a folder that is in none."""
    opencode = lab.opencode
    new = lab.repos.with_name("everything")
    with opencode.serve(lab.a):
        before = projects(opencode, lab.a)
    follow(lab, lab.repos, new, "moved")
    moved = replace(lab, repos=new)
    homes = {moved.a: "main", moved.worktree: "in worktree", moved.b: "in b", moved.plain: "in plain"}
    for directory, name in homes.items():
        with opencode.serve(directory):
            assert lab.sessions[name] in opencode.listed_in(directory), name
            session = lab.sessions[name]
            opencode.prompt(session, order("bash", command="pwd > here.txt", description="say where"), directory)
            assert (directory / "here.txt").read_text() == f"{directory}\n"
            now = projects(opencode, directory)
            assert now.keys() == before.keys()
            assert f"{lab.repos}/" not in json.dumps([*now.values()])


def test_a_linked_worktree_that_moved(lab: Lab) -> None:
    opencode, new = lab.opencode, lab.repos / "tree"
    follow(lab, lab.worktree, new, "moved")
    with opencode.serve(new):
        assert opencode.listed_in(new) == lab.ids("in worktree")
        assert (str(lab.a), [str(new)]) in projects(opencode, new).values()
        assert opencode.listed_in(lab.a) == lab.ids(*IN_A) - lab.ids("deep")


def test_a_folder_outside_any_repository(lab: Lab) -> None:
    opencode, new = lab.opencode, lab.repos / "notes"
    follow(lab, lab.plain, new, "moved")
    with opencode.serve(new):
        assert opencode.listed_in(new) == opencode.listed_under(new, str(new)[1:]) == lab.ids("in plain")


def test_control_without_relocate_opencode_finds_nothing_and_keeps_the_old_path(lab: Lab) -> None:
    """If this fails, opencode has learnt to follow folders, and the tests above prove nothing."""
    new = lab.a.rename(lab.repos / "renamed")
    with lab.opencode.serve(new):
        assert lab.opencode.listed_in(new) == set()
        found = projects(lab.opencode, new)
    assert str(lab.a) in {worktree for worktree, _ in found.values()}


@pytest.mark.parametrize("version", ["1.15.13", "1.3.2"])
def test_older_versions(fresh_lab: FreshLab, version: str) -> None:
    lab = fresh_lab(version)
    opencode, main, new = lab.opencode, lab.sessions["main"], lab.repos / "renamed"
    before = all_rows(opencode.database)
    run = follow(lab, lab.a, new, "moved")
    with opencode.serve(new):
        assert opencode.listed_in(new) == lab.ids(*IN_A) - lab.ids("deep")
        assert opencode.listed_in(new / "sub/deep") == lab.ids("deep")
        assert set(opencode.listed(new)) == lab.ids(*ROOTS_IN_A, "in worktree")
        assert (str(new), [str(lab.worktree)]) in projects(opencode, new).values()
        files = lab.files()
        opencode.revert(main, opencode.turns(main)[0], new)
        opencode.unrevert(main, new)
        assert lab.files() == files
        opencode.prompt(main, order("bash", command="pwd > shell.txt", description="say where"), new)
    assert (new / "shell.txt").read_text() == f"{new}\n"
    assert run["projects"] == 1
    assert before["session"]
