"""An undo in opencode 2, by a real one, of turns from before a move: it touches no file that it should not.

Name a program in $OPENCODE_MIGRATOR_V2_BINARY, and this runs; see test_v2.py.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.git import repository, sub_directory
from tests.support.opencode.fake_model import order
from tests.support.opencode.migrator_command import answer, move
from tests.support.opencode.opencode_2 import OpenCode2, needs_program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, needs_program]


def files(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(directory.glob("*.txt")) if path.name != "file.txt"}


def in_two_turns(opencode_2: OpenCode2, directory: Path) -> tuple[str, str]:
    """A session that wrote `kept.txt` in one turn, and in the next changed it and made `made.txt`; with that turn."""
    session = opencode_2.new_session("two turns", directory)
    opencode_2.prompt(session, order("shell", command="echo one > kept.txt", description="write"))
    opencode_2.prompt(session, order("shell", command="echo two > kept.txt; echo new > made.txt", description="write"))
    assert files(directory) == {"kept.txt": "two\n", "made.txt": "new\n"}
    return session, prompts(opencode_2, session)[-1]


def prompts(opencode_2: OpenCode2, session: str) -> list[str]:
    return [message["id"] for message in opencode_2.messages(session) if message["type"] == "user"]


def test_where_it_was_an_undo_takes_files_back(opencode_2: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    with opencode_2.service(a):
        session, second = in_two_turns(opencode_2, a)
        opencode_2.undo(session, second)
        assert files(a) == {"kept.txt": "one\n"}
        opencode_2.take_undo_back(session)
        assert files(a) == {"kept.txt": "two\n", "made.txt": "new\n"}


def test_control_moved_by_hand_an_undo_fails(opencode_2: OpenCode2, tmp_path: Path) -> None:
    a, b = repository(tmp_path / "a"), repository(tmp_path / "b")
    with opencode_2.service(a):
        session, second = in_two_turns(opencode_2, a)
    with closing(sqlite3.connect(opencode_2.installed.database)) as db, db:
        db.execute("UPDATE session_v2 SET directory = ? WHERE id = ?", [str(b), session])
    with opencode_2.service(b), pytest.raises(RuntimeError, match="HTTP 500"):
        opencode_2.undo(session, second)


@pytest.mark.parametrize("kind", ["another repository", "no repository"])
def test_moved_elsewhere_an_undo_touches_no_file(opencode_2: OpenCode2, tmp_path: Path, kind: str) -> None:
    a = repository(tmp_path / "a")
    b = repository(tmp_path / "b") if kind == "another repository" else sub_directory(tmp_path / "b")
    with opencode_2.service(a):
        session, second = in_two_turns(opencode_2, a)
    for name in ("kept.txt", "made.txt", "own.txt"):
        (b / name).write_text("mine")
    before = files(a), files(b)
    assert move(opencode_2.installed, a, b)
    with opencode_2.service(b):
        opencode_2.undo(session, second)
        assert (files(a), files(b)) == before
        opencode_2.take_undo_back(session)
        assert (files(a), files(b)) == before
        opencode_2.prompt(session, order("shell", command="echo late > late.txt", description="write"))
        opencode_2.undo(session, prompts(opencode_2, session)[-1])
        late = {} if kind == "another repository" else {"late.txt": "late\n"}  # there, opencode keeps no snapshots
        assert (files(a), files(b)) == (before[0], before[1] | late)


def test_after_a_rename_an_undo_touches_no_file(opencode_2: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    with opencode_2.service(a):
        session, second = in_two_turns(opencode_2, a)
    new, before = tmp_path / "renamed", files(a)
    a.rename(new)
    answer(opencode_2.installed, "relocate", a, new, "--yes", cwd=new)
    with opencode_2.service(new):
        assert session in opencode_2.listed(new)
        opencode_2.undo(session, second)
    assert files(new) == before
    assert not a.exists()


def test_moved_within_a_checkout_an_undo_takes_files_back(opencode_2: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    below = sub_directory(a / "below")
    with opencode_2.service(a):
        session, second = in_two_turns(opencode_2, a)
    move(opencode_2.installed, a, below)
    with opencode_2.service(below):
        opencode_2.undo(session, second)
    assert (files(a), files(below)) == ({"kept.txt": "one\n"}, {})
