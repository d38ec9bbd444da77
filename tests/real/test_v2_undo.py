"""An undo in opencode 2, by a real one, of turns from before a move: it touches no file that it should not.

Name a program in $OPENCODE_MIGRATOR_V2_BINARY, and this runs; see test_v2.py.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.git import repository, sub_directory
from tests.support.opencode.fake_model import order
from tests.support.opencode.migrator_command import answer, move
from tests.support.opencode.opencode_1 import OpenCode
from tests.support.opencode.opencode_2 import OpenCode2

BINARY = os.environ.get("OPENCODE_MIGRATOR_V2_BINARY", "")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not BINARY, reason="$OPENCODE_MIGRATOR_V2_BINARY names no program of opencode 2"),
]


@pytest.fixture
def opencode(tmp_path: Path, model_url: str) -> OpenCode2:
    return OpenCode2(OpenCode(Path(BINARY), sub_directory(tmp_path / "home"), model_url))


def files(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(directory.glob("*.txt")) if path.name != "file.txt"}


def in_two_turns(opencode: OpenCode2, directory: Path) -> tuple[str, str]:
    """A session that wrote `kept.txt` in one turn, and in the next changed it and made `made.txt`; with that turn."""
    session = opencode.new_session("two turns", directory)
    opencode.prompt(session, order("shell", command="echo one > kept.txt", description="write"))
    opencode.prompt(session, order("shell", command="echo two > kept.txt; echo new > made.txt", description="write"))
    assert files(directory) == {"kept.txt": "two\n", "made.txt": "new\n"}
    return session, prompts(opencode, session)[-1]


def prompts(opencode: OpenCode2, session: str) -> list[str]:
    return [message["id"] for message in opencode.messages(session) if message["type"] == "user"]


def test_where_it_was_an_undo_takes_files_back(opencode: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    with opencode.service(a):
        session, second = in_two_turns(opencode, a)
        opencode.undo(session, second)
        assert files(a) == {"kept.txt": "one\n"}
        opencode.take_undo_back(session)
        assert files(a) == {"kept.txt": "two\n", "made.txt": "new\n"}


def test_control_moved_by_hand_an_undo_fails(opencode: OpenCode2, tmp_path: Path) -> None:
    a, b = repository(tmp_path / "a"), repository(tmp_path / "b")
    with opencode.service(a):
        session, second = in_two_turns(opencode, a)
    with closing(sqlite3.connect(opencode.installed.database)) as db, db:
        db.execute("UPDATE session_v2 SET directory = ? WHERE id = ?", [str(b), session])
    with opencode.service(b), pytest.raises(RuntimeError, match="HTTP 500"):
        opencode.undo(session, second)


@pytest.mark.parametrize("kind", ["another repository", "no repository"])
def test_moved_elsewhere_an_undo_touches_no_file(opencode: OpenCode2, tmp_path: Path, kind: str) -> None:
    a = repository(tmp_path / "a")
    b = repository(tmp_path / "b") if kind == "another repository" else sub_directory(tmp_path / "b")
    with opencode.service(a):
        session, second = in_two_turns(opencode, a)
    for name in ("kept.txt", "made.txt", "own.txt"):
        (b / name).write_text("mine")
    before = files(a), files(b)
    assert move(opencode.installed, a, b)
    with opencode.service(b):
        opencode.undo(session, second)
        assert (files(a), files(b)) == before
        opencode.take_undo_back(session)
        assert (files(a), files(b)) == before
        opencode.prompt(session, order("shell", command="echo late > late.txt", description="write"))
        opencode.undo(session, prompts(opencode, session)[-1])
        late = {} if kind == "another repository" else {"late.txt": "late\n"}  # there, opencode keeps no snapshots
        assert (files(a), files(b)) == (before[0], before[1] | late)


def test_after_a_rename_an_undo_touches_no_file(opencode: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    with opencode.service(a):
        session, second = in_two_turns(opencode, a)
    new, before = tmp_path / "renamed", files(a)
    a.rename(new)
    answer(opencode.installed, "relocate", a, new, "--yes", cwd=new)
    with opencode.service(new):
        assert session in opencode.listed(new)
        opencode.undo(session, second)
    assert files(new) == before
    assert not a.exists()


def test_moved_within_a_checkout_an_undo_takes_files_back(opencode: OpenCode2, tmp_path: Path) -> None:
    a = repository(tmp_path / "a")
    below = sub_directory(a / "below")
    with opencode.service(a):
        session, second = in_two_turns(opencode, a)
    move(opencode.installed, a, below)
    with opencode.service(below):
        opencode.undo(session, second)
    assert (files(a), files(below)) == ({"kept.txt": "one\n"}, {})
