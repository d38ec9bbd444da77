"""Taking a move back: the database is what it was, and so is undo in opencode."""

from __future__ import annotations

import pytest

from tests.support.opencode.database import all_rows
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, Lab, patched_files, writes
from tests.support.opencode.migrator_command import move, undo

pytestmark = pytest.mark.long


@pytest.mark.parametrize("destination", ["B", "A-wt", "C", "plain"])
def test_every_row_is_back_and_undo_in_opencode_works_again(lab: Lab, destination: str) -> None:
    before = all_rows(lab.opencode.database)
    run = move(lab.opencode, lab.a, lab.repos / destination)
    assert all_rows(lab.opencode.database) != before
    undo(lab.opencode, run, cwd=lab.a)
    assert all_rows(lab.opencode.database) == before

    main, files = lab.sessions["main"], lab.files()
    with lab.opencode.serve(lab.a):
        lab.opencode.revert(main, lab.opencode.turns(main)[1], lab.a)
        expected = files | {"A/new.txt": b"v1\n", "A/file0.txt": b"A as committed\n"}
        del expected["A/where.txt"]
        assert lab.files() == expected
        lab.opencode.unrevert(main, lab.a)
        assert lab.files() == files


def test_redo_of_a_session_that_was_moved_while_undone_works_again(lab: Lab) -> None:
    run = move(lab.opencode, lab.a, lab.b)
    undo(lab.opencode, run, cwd=lab.a)
    with lab.opencode.serve(lab.a):
        lab.opencode.unrevert(lab.sessions["reverted"], lab.a)
    assert lab.files()["A/rev2.txt"] == b"r2\n"


@pytest.fixture
def continued(lab: Lab) -> Lab:
    """Moved to B, used there for two more turns, and taken back: `main` ends with turns whose files are in B."""
    run = move(lab.opencode, lab.a, lab.b)
    main = lab.sessions["main"]
    with lab.opencode.serve(lab.b):
        lab.opencode.prompt(main, writes("later.txt", "later\n"), lab.b)
        change = order("read", filePath="@CWD@/file0.txt") + writes("file0.txt", "changed in B\n")
        lab.opencode.prompt(main, change, lab.b)
        files = patched_files(lab.opencode, main)
        assert {str(lab.b / "later.txt"), str(lab.b / "file0.txt")} <= set(files)
    undo(lab.opencode, run, cwd=lab.a)
    return lab


def test_a_session_continued_elsewhere_comes_home_with_its_new_turns(continued: Lab) -> None:
    lab, main = continued, continued.sessions["main"]
    with lab.opencode.serve(lab.a):
        assert lab.opencode.listed_in(lab.a) == lab.ids(*IN_A) - lab.ids("deep")
        assert len(lab.opencode.turns(main)) == 5


def test_undo_of_turns_made_elsewhere_touches_no_file_anywhere(continued: Lab) -> None:
    lab, main, before = continued, continued.sessions["main"], continued.files()
    with lab.opencode.serve(lab.a):
        for turn in (4, 3):
            lab.opencode.revert(main, lab.opencode.turns(main)[turn], lab.a)
            assert lab.files() == before
            lab.opencode.unrevert(main, lab.a)
            assert lab.files() == before


def test_undo_of_turns_made_at_home_leaves_the_files_made_elsewhere(continued: Lab) -> None:
    lab, main, before = continued, continued.sessions["main"], continued.files()
    with lab.opencode.serve(lab.a):
        lab.opencode.revert(main, lab.opencode.turns(main)[1], lab.a)
    after = lab.files()
    assert {file for file in before if after.get(file) != before[file]} == {"A/new.txt", "A/file0.txt", "A/where.txt"}
