"""One move before the real opencode, as `make test` sees it; the other files of this room are its long rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.opencode.database import all_rows, deleted_by_undo_after_naive_move
from tests.support.opencode.fake_model import order
from tests.support.opencode.lab import IN_A, ROOTS_IN_A, writes
from tests.support.opencode.migrator_command import move, undo

if TYPE_CHECKING:
    from tests.support.opencode.lab import Lab


def test_moved_sessions_are_listed_undone_continued_and_taken_back(lab: Lab) -> None:
    opencode, a, b, main = lab.opencode, lab.a, lab.b, lab.sessions["main"]
    rows, files = all_rows(opencode.database), lab.files()
    undo(opencode, move(opencode, a, b), cwd=a)
    assert all_rows(opencode.database) == rows

    run = move(opencode, a, b)
    assert set(opencode.listed(b)) == lab.ids(*ROOTS_IN_A, "in b")
    assert set(opencode.listed(a)) == lab.ids("in worktree")
    with opencode.serve(b):
        assert opencode.listed_in(b) == lab.ids(*IN_A, "in b") - lab.ids("deep")
        assert opencode.listed_in(b / "sub/deep") == lab.ids("deep")
        assert opencode.listed_under(a, "") == lab.ids("in worktree")
        assert opencode.children(lab.sessions["parent"]) == lab.ids("task child", "child")
        for name in set(IN_A) - {"reverted"}:
            session, directory = lab.sessions[name], b / "sub/deep" if name == "deep" else b
            opencode.revert(session, opencode.turns(session)[0], directory)
            assert lab.files() == files, name
            opencode.unrevert(session, directory)
            assert lab.files() == files, name
        shell = order("bash", command="pwd > shell.txt", description="say where")
        opencode.prompt(main, shell + writes("written.txt", "here\n"), b)
    assert lab.files() == files | {"B/shell.txt": f"{b}\n".encode(), "B/written.txt": b"here\n"}

    undo(opencode, run, cwd=a)
    before = lab.files()
    with opencode.serve(a):
        assert opencode.listed_in(a) == lab.ids(*IN_A) - lab.ids("deep")
        assert len(opencode.turns(main)) == 4
        opencode.revert(main, opencode.turns(main)[3], a)
        assert lab.files() == before, "what was made elsewhere stays there"
        opencode.unrevert(main, a)
        opencode.revert(main, opencode.turns(main)[1], a)
    expected = before | {"A/new.txt": b"v1\n", "A/file0.txt": b"A as committed\n"}
    del expected["A/where.txt"]
    assert lab.files() == expected


def test_control_a_naive_update_lets_opencode_delete_files_in_the_source(lab: Lab) -> None:
    """If this fails, the test above proves nothing: the hazard is gone, or the data set does not provoke it."""
    assert deleted_by_undo_after_naive_move(lab) == {"A/new.txt", "A/file0.txt", "A/where.txt"}
