"""A repository that moves takes its file undo along, and that of its other worktrees goes on working."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import git
from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer
from tests.support.opencode.undo_lab import files, undo_and_redo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.undo_lab import UndoLab

pytestmark = pytest.mark.long

CHANGED = {"kept.txt": b"changed in the linked one\n"}


def neighbour(undo_lab: UndoLab) -> tuple[Path, str]:
    """A linked worktree, with a session that changed a committed file there."""
    (undo_lab.source / "kept.txt").write_text("kept.txt as committed\n")
    git(undo_lab.source, "add", "--all")
    git(undo_lab.source, "commit", "--quiet", "--message", "keep it")
    linked = undo_lab.repos / "linked"
    git(undo_lab.source, "worktree", "add", "--quiet", "--detach", str(linked))
    with undo_lab.opencode.serve(linked):
        session = undo_lab.opencode.new_session("in the linked worktree", linked)
        undo_lab.opencode.prompt(session, writes("sub/also.txt", "also\n"), linked)
        undo_lab.opencode.prompt(session, writes("kept.txt", "changed in the linked one\n"), linked)
    return linked, session


def undone(undo_lab: UndoLab, session: str, directory: Path) -> list[dict[str, bytes | None]]:
    """What an undo of the last turn, of both, and a redo make of the files in a worktree: what isn't as before."""
    before, found = files(directory), []

    def look() -> None:
        after = files(directory)
        found.append({n: after.get(n) for n in before.keys() | after.keys() if before.get(n) != after.get(n)})

    with undo_lab.opencode.serve(directory):
        for turn in reversed(undo_lab.opencode.turns(session)):
            undo_lab.opencode.revert(session, turn, directory)
            look()
        undo_lab.opencode.unrevert(session, directory)
        look()
    return found


RESTORED = [
    {"kept.txt": b"kept.txt as committed\n"},
    {"kept.txt": b"kept.txt as committed\n", "sub/also.txt": None},
    {},
]


@pytest.mark.parametrize("when", ["moved", "will move"])
def test_every_turn_is_undone_in_the_new_place_and_beside_it(undo_lab: UndoLab, when: str) -> None:
    old, new = undo_lab.source, undo_lab.repos / "elsewhere" / "renamed"
    linked, beside = neighbour(undo_lab)
    (old / "kept.txt").unlink()  # as the session left it
    new.parent.mkdir()
    options = ["--will-move"] if when == "will move" else []
    if when == "moved":
        old.rename(new)
    run = answer(
        undo_lab.opencode, "relocate", old, new, *options, "--undo-files", "carry", "--yes", cwd=undo_lab.repos
    )
    assert run["status"] == "applied"
    if when == "will move":
        old.rename(new)
    git(new, "worktree", "repair", str(linked))
    there = files(linked)
    assert undo_and_redo(undo_lab.opencode, undo_lab.session, new) == undo_lab.expected
    assert files(linked) == there
    assert undone(undo_lab, beside, linked) == RESTORED
    assert not old.exists()


def test_control_without_relocate_an_undo_beside_it_deletes_what_was_committed(undo_lab: UndoLab) -> None:
    """If this fails, opencode has learnt to look for the objects where they are now."""
    linked, beside = neighbour(undo_lab)
    undo_lab.source.rename(undo_lab.repos / "renamed")
    git(undo_lab.repos / "renamed", "worktree", "repair", str(linked))
    assert undone(undo_lab, beside, linked)[0] == {"kept.txt": None}
