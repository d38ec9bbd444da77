"""A repository that moves takes its file undo along, and that of its other worktrees goes on working."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.opencode.lab import writes
from tests.support.opencode.migrator_command import answer
from tests.support.opencode.undo_walk import files, git, undo_and_redo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.undo_walk import Bench

CHANGED = {"kept.txt": b"changed in the linked one\n"}


def neighbour(bench: Bench) -> tuple[Path, str]:
    """A linked worktree, with a session that changed a committed file there."""
    (bench.source / "kept.txt").write_text("kept.txt as committed\n")
    git(bench.source, "add", "--all")
    git(bench.source, "commit", "--quiet", "--message", "keep it")
    linked = bench.repos / "linked"
    git(bench.source, "worktree", "add", "--quiet", "--detach", str(linked))
    with bench.opencode.serve(linked):
        session = bench.opencode.new_session("in the linked worktree", linked)
        bench.opencode.prompt(session, writes("sub/also.txt", "also\n"), linked)
        bench.opencode.prompt(session, writes("kept.txt", "changed in the linked one\n"), linked)
    return linked, session


def undone(bench: Bench, session: str, directory: Path) -> list[dict[str, bytes | None]]:
    """What an undo of the last turn, of both, and a redo make of the files in a worktree: what isn't as before."""
    before, found = files(directory), []

    def look() -> None:
        after = files(directory)
        found.append({n: after.get(n) for n in before.keys() | after.keys() if before.get(n) != after.get(n)})

    with bench.opencode.serve(directory):
        for turn in reversed(bench.opencode.turns(session)):
            bench.opencode.revert(session, turn, directory)
            look()
        bench.opencode.unrevert(session, directory)
        look()
    return found


RESTORED = [
    {"kept.txt": b"kept.txt as committed\n"},
    {"kept.txt": b"kept.txt as committed\n", "sub/also.txt": None},
    {},
]


@pytest.mark.parametrize("when", ["moved", "will move"])
def test_every_turn_is_undone_in_the_new_place_and_beside_it(bench: Bench, when: str) -> None:
    old, new = bench.source, bench.repos / "elsewhere" / "renamed"
    linked, beside = neighbour(bench)
    (old / "kept.txt").unlink()  # as the session left it
    new.parent.mkdir()
    options = ["--will-move"] if when == "will move" else []
    if when == "moved":
        old.rename(new)
    run = answer(bench.opencode, "relocate", old, new, *options, "--undo-files", "carry", "--yes", cwd=bench.repos)
    assert run["status"] == "applied"
    if when == "will move":
        old.rename(new)
    git(new, "worktree", "repair", str(linked))
    there = files(linked)
    assert undo_and_redo(bench.opencode, bench.session, new) == bench.expected
    assert files(linked) == there
    assert undone(bench, beside, linked) == RESTORED
    assert not old.exists()


def test_control_without_relocate_an_undo_beside_it_deletes_what_was_committed(bench: Bench) -> None:
    """If this fails, opencode has learnt to look for the objects where they are now."""
    linked, beside = neighbour(bench)
    bench.source.rename(bench.repos / "renamed")
    git(bench.repos / "renamed", "worktree", "repair", str(linked))
    assert undone(bench, beside, linked)[0] == {"kept.txt": None}
