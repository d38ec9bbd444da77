"""The guarantees of a move, with the databases and by the judgement of older opencodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.database import all_rows, deleted_by_undo_after_naive_move, naive_move
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A
from tests.support.opencode.migrator_command import answer, move, undo

if TYPE_CHECKING:
    from tests.real.conftest import FreshLab
    from tests.support.opencode.lab import Lab

pytestmark = pytest.mark.long

OLDER = ["1.15.13", "1.3.2"]


@pytest.fixture(params=OLDER)
def lab(fresh_lab: FreshLab, request: pytest.FixtureRequest) -> Lab:
    return fresh_lab(request.param)


def test_moved_sessions_are_at_home_in_the_other_repository(lab: Lab) -> None:
    opencode, main = lab.opencode, lab.sessions["main"]
    with opencode.serve(lab.a):
        before = opencode.conversation(main)
    move(opencode, lab.a, lab.b)
    assert set(opencode.listed(lab.b)) == lab.ids(*ROOTS_IN_A, "in b")
    assert set(opencode.listed(lab.a)) == lab.ids("in worktree")
    exported = opencode.exported(main, lab.b)
    assert [message["info"]["id"] for message in exported["messages"]] == [m["info"]["id"] for m in before]
    with opencode.serve(lab.b):
        assert opencode.listed_in(lab.b) == lab.ids(*IN_A, "in b") - lab.ids("deep")
        assert opencode.listed_in(lab.b / "sub/deep") == lab.ids("deep")
        assert opencode.listed_in(lab.a) == set()
        assert opencode.children(lab.sessions["parent"]) == lab.ids("task child", "child")
        opencode.prompt(main, order("bash", command="pwd > shell.txt", description="say where"), lab.b)
    assert (lab.b / "shell.txt").read_text() == f"{lab.b}\n"


@pytest.mark.parametrize("destination", ["B", "A-wt"])
def test_undo_in_opencode_touches_no_file_anywhere(lab: Lab, destination: str) -> None:
    directory = lab.repos / destination
    move(lab.opencode, lab.a, directory)
    before = lab.files()
    with lab.opencode.serve(directory):
        for name in IN_A:
            session = lab.sessions[name]
            if name != "reverted":
                lab.opencode.revert(session, lab.opencode.turns(session)[0], directory)
                assert lab.files() == before, name
            lab.opencode.unrevert(session, directory)
            assert lab.files() == before, name


def test_control_a_naive_update_lets_opencode_delete_files_in_the_source(lab: Lab) -> None:
    assert deleted_by_undo_after_naive_move(lab) == {"A/new.txt", "A/file0.txt", "A/where.txt"}


@pytest.mark.parametrize("lab", ["1.3.2"], indirect=True)
def test_control_a_naive_update_lets_opencode_overwrite_files_in_the_destination(lab: Lab) -> None:
    """A redo writes a whole snapshot. In 1.3.2 all worktrees of a repository share their snapshots, so it finds it."""
    naive_move(lab, lab.a, lab.worktree, lab.sessions["in worktree"])
    before = lab.files()
    with lab.opencode.serve(lab.worktree):
        lab.opencode.unrevert(lab.sessions["reverted"], lab.worktree)
    assert lab.files()["A-wt/file0.txt"] != before["A-wt/file0.txt"]


def test_a_move_taken_back_leaves_the_database_and_undo_in_opencode_as_they_were(lab: Lab) -> None:
    before = all_rows(lab.opencode.database)
    undo(lab.opencode, move(lab.opencode, lab.a, lab.b), cwd=lab.a)
    assert all_rows(lab.opencode.database) == before
    main = lab.sessions["main"]
    with lab.opencode.serve(lab.a):
        lab.opencode.revert(main, lab.opencode.turns(main)[1], lab.a)
    assert (lab.a / "new.txt").read_text() == "v1\n"
    assert (lab.a / "file0.txt").read_text() == "A as committed\n"


@pytest.mark.parametrize("directory", ["A", "plain"])
def test_list_prints_what_opencode_lists_in_its_order(lab: Lab, directory: str) -> None:
    here = lab.repos / directory
    ours = [session["id"] for session in answer(lab.opencode, "list", cwd=here)]
    assert ours == lab.opencode.listed(here)
