"""Whatever opencode 1 wrote the database: a move is a move there, and taking it back leaves every row as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit
from tests.support.home import V1_FIXTURES, Home, build_home
from tests.support.rows import add_patch, patch_files, rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=V1_FIXTURES)
def old_home(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    """A database of each age; every session has changed files, and one was reverted."""
    home = build_home(tmp_path / "home", request.param)
    for number, session in enumerate(rows(home)["session"]):
        add_patch(home, session, str(home.src / "some.txt"), id_=f"prt_{number}")
    marker = '{"messageID":"msg_1","snapshot":"ab","diff":"d"}'
    home.execute("UPDATE session SET revert = ? WHERE parent_id IS NOT NULL", [marker])
    return home


def test_a_move_and_its_undo_leave_every_row_as_it_was(old_home: Home) -> None:
    shop, before = old_home.repository("shop"), rows(old_home)
    run = old_home.run("move", "--from-dir", "~/src", "--to-dir", shop, "--subdirs", "flatten", "--yes", "--json").json
    assert run["sessions"] == run["verified"] == len(before["session"])
    for session in rows(old_home)["session"].values():
        bound = {"project_id": root_commit(shop), "directory": str(shop), "path": "", "workspace_id": None}
        assert session | {key: value for key, value in bound.items() if key in session} == session
        assert not {"snapshot", "diff"} & json.loads(session["revert"] or "{}").keys()
        assert session["time_updated"] == before["session"][session["id"]]["time_updated"]
        assert patch_files(old_home, session["id"]) == []
    undone = old_home.run("undo", "--yes", "--json").json
    assert undone["sessions"] == undone["verified"] == len(before["session"])
    assert rows(old_home) == before


def test_the_columns_that_an_old_schema_lacks_are_not_missed(tmp_path: Path) -> None:
    """The fixtures must be of the ages that they claim, or the test above would show less than it says."""
    lacking = {}
    for fixture in V1_FIXTURES:
        home = build_home(tmp_path / fixture, fixture)
        columns = {name for (name,) in home.query("SELECT name FROM pragma_table_info('session')")}
        lacking[fixture] = {"path", "workspace_id"} - columns
    assert lacking.pop("1.2.1") == {"path", "workspace_id"}
    assert lacking.pop("1.2.27") == {"path"}
    assert not any(lacking.values())
