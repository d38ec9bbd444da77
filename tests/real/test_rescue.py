"""What the real opencode lost is found by its rule, and back after `rescue`: listed, continued, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.real.database import all_rows
from tests.real.losses import LOSSES, found, renamed_folder
from tests.real.migrator_command import answer, undo
from tests.real.sessions import patched_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.losses import Loss
    from tests.real.opencode import OpenCode

BEYOND_HELP = {
    "renamed-folder": "in no repository",
    "loop-of-links": "nothing is moved for this reason",
    "parent-deleted-by-hand": "no move mends this",
    "json-from-before-the-database": "not in the database",
}
"""What `rescue` alone can't bring home, and the words it says so with."""


@pytest.fixture
def at(tmp_path: Path) -> Path:
    (tmp_path / "at").mkdir()
    return tmp_path / "at"


def rescue(loss: Loss, cwd: Path, *more: str | Path) -> dict[str, Any]:
    run: dict[str, Any] = answer(loss.opencode, "rescue", "--yes", *more, cwd=cwd)
    return run


def check_lost(loss: Loss, cwd: Path) -> None:
    """Its rule finds the session and nobody else, and opencode, which mends nothing, doesn't see it at its home."""
    assert loss.hidden_from
    before = found(loss.opencode, cwd)
    assert loss.rule in before.get(loss.session, {}), before
    assert list(before) == [loss.session]
    assert loss.seen_by() == loss.readers - loss.hidden_from
    assert loss.rule in found(loss.opencode, cwd)[loss.session]


def files(top: Path) -> dict[str, bytes]:
    """Every file with its content, but for git's own; what is no file, such as a loop of links, by name only.

    Neither are the marks that readers leave and delete again: opencode's redo in a sub-directory brings back files that
    were deleted outside it (seen with a session that nobody ever moved).
    """
    return {
        str(file.relative_to(top)): file.read_bytes() if file.is_file() else b""
        for file in top.rglob("*")
        if ".git" not in file.relative_to(top).parts and not file.name.startswith("works-")
    }


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in BEYOND_HELP])
def test_a_lost_session_is_found_and_back(opencode: OpenCode, at: Path, name: str) -> None:
    loss = LOSSES[name](opencode, at)
    check_lost(loss, at)
    before = all_rows(opencode.database)

    run = rescue(loss, at)
    assert (run["status"], run["sessions"]) == ("applied", 1)
    undo(opencode, run["run"], at)
    assert all_rows(opencode.database) == before

    rescue(loss, at, "--undo-files", "detach")
    assert answer(opencode, "orphans", cwd=at) == []
    assert rescue(loss, at)["status"] == "unchanged"
    assert loss.seen_by() == loss.readers
    assert answer(opencode, "orphans", cwd=at) == []  # opencode has undone nothing

    on_disk = files(at)
    with opencode.serve(loss.home):
        opencode.revert(loss.session, opencode.turns(loss.session)[0], loss.home)
        assert files(at) == on_disk
        opencode.unrevert(loss.session, loss.home)
        assert files(at) == on_disk


@pytest.mark.parametrize(
    "name",
    ["renamed-repository", "gone-along-with-another-copy", "origin-added-to-a-repository-without-its-kept-id"],
)
def test_undo_that_can_be_carried_takes_back_the_files_of_its_turns_and_no_other(
    opencode: OpenCode, at: Path, name: str
) -> None:
    loss = LOSSES[name](opencode, at)
    assert loss.seen_by() == loss.readers - loss.hidden_from
    rescue(loss, at)
    on_disk = files(at)
    made = {str((loss.home / file).relative_to(at)) for file in ("made.txt", "also made.txt")}
    if name == "gone-along-with-another-copy":  # which had the files already
        made = set()
    with opencode.serve(loss.home):
        opencode.revert(loss.session, opencode.turns(loss.session)[0], loss.home)
        assert on_disk.keys() - files(at).keys() == made
        opencode.unrevert(loss.session, loss.home)
    assert files(at) == on_disk


@pytest.mark.parametrize("name", BEYOND_HELP)
def test_what_is_beyond_help_is_found_left_alone_and_said_so(opencode: OpenCode, at: Path, name: str) -> None:
    loss = LOSSES[name](opencode, at)
    check_lost(loss, at)
    before = all_rows(opencode.database)
    run = rescue(loss, at)
    assert run["status"] == "unchanged"
    (warning,) = run["warnings"]
    assert (warning["code"], warning["session"]) == ("still-lost", loss.session)
    assert BEYOND_HELP[name] in warning["message"]
    assert all_rows(opencode.database) == before


def test_a_folder_that_was_moved_is_found_by_its_name_and_files(opencode: OpenCode, at: Path) -> None:
    loss = renamed_folder(opencode, at)
    (at / "far").mkdir()
    home = loss.home.rename(at / "far" / "old")
    assert rescue(loss, at, "--search", at)["status"] == "unchanged"
    assert rescue(loss, at, "--search", at, "--likely")["status"] == "applied"
    moved = type(loss)(opencode, loss.session, loss.rule, home, frozenset(), str(home)[1:], loss.readers)
    assert moved.seen_by() == loss.readers


def test_control_the_undo_of_these_sessions_would_touch_files(opencode: OpenCode, at: Path) -> None:
    """If this fails, the undo above proves nothing."""
    loss = LOSSES["path-written-by-hand"](opencode, at)
    with opencode.serve(loss.home):
        assert patched_files(opencode, loss.session)
        opencode.revert(loss.session, opencode.turns(loss.session)[0], loss.home)
    assert not (loss.home / "made.txt").exists()
