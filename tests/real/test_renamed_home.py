"""A home is renamed with all that is in it, between a move and its undo: no file is lost, and opencode's undo works."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.support.faults import Fault, run
from tests.support.git import git
from tests.support.home import Home
from tests.support.opencode.database import all_rows
from tests.support.opencode.migrator_command import answer, move
from tests.support.opencode.opencode_1 import OpenCode
from tests.support.opencode.undo_lab import UndoLab, files, undo_and_redo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.long


@pytest.fixture
def old(undo_lab: UndoLab) -> Iterator[UndoLab]:
    """A repository with a linked worktree that has the same files; its home is put back where it was."""
    git(undo_lab.source, "worktree", "add", "--quiet", "--detach", str(undo_lab.repos / "linked"))
    yield undo_lab
    if (renamed := _renamed(undo_lab.repos.parent)).exists():
        renamed.rename(undo_lab.repos.parent)


def _renamed(root: Path) -> Path:
    return root.with_name(f"{root.name}-renamed")


def rename(old: UndoLab) -> UndoLab:
    """Rename the folder in which everything is: the home of opencode, its database, our journals, the repositories."""
    root = old.repos.parent
    new = root.rename(_renamed(root))
    opencode = OpenCode(old.opencode.binary, new / old.opencode.home.relative_to(root), old.opencode.model_url)
    git(new / "repos/source", "worktree", "repair", str(new / "repos/linked"))
    return UndoLab(opencode, new / "repos", old.session, old.expected)


def follow(new: UndoLab, said: str) -> None:
    """Let the sessions follow their folders, by the command that was said."""
    (command,) = re.findall(r"`opencode-migrator (relocate [^`]+)`", said)
    assert answer(new.opencode, *shlex.split(command), "--yes", cwd=new.repos)["status"] == "applied"


def test_a_move_is_taken_back_and_every_turn_is_undone_in_the_home_by_its_new_name(old: UndoLab) -> None:
    before = all_rows(old.opencode.database)
    made = move(old.opencode, old.source, old.repos / "linked")
    new = rename(old)
    linked = files(new.repos / "linked")
    done = answer(new.opencode, "undo", "--yes", cwd=new.repos)
    assert done["undoes"] == made
    assert all_rows(new.opencode.database) == before
    follow(new, done["warnings"][0]["message"])
    assert undo_and_redo(new.opencode, new.session, new.source) == new.expected
    assert files(new.repos / "linked") == linked
    assert not old.repos.exists()


@pytest.mark.parametrize("point", ["after intend", "before mark"])
def test_a_move_that_was_cut_off_is_finished_in_the_home_by_its_new_name(old: UndoLab, point: str) -> None:
    words = ("move", "--from-dir", old.source, "--to-dir", old.repos / "linked", "--yes")
    assert run(Home(old.opencode.home), *words, fault=Fault("kill", 1, point)).code < 0
    new = rename(old)
    source = files(new.source)
    done = answer(new.opencode, "resume", "--yes", cwd=new.repos)
    assert (done["status"], done["sessions"]) == ("applied", 1)
    follow(new, done["warnings"][0]["message"])
    assert undo_and_redo(new.opencode, new.session, new.repos / "linked") == new.expected
    assert files(new.source) == source
