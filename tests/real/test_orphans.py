"""What our rules find in databases of the real opencode; each way to get lost is in `test_rescue.py`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import commit, git
from tests.support.opencode.lab import IN_A
from tests.support.opencode.losses.making import change, repository, session
from tests.support.opencode.migrator_command import answer, orphans
from tests.support.opencode.readers import ALL, Spot, seen_by

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.opencode.lab import Lab
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long


def test_sessions_of_a_healthy_database_are_no_orphans(lab: Lab) -> None:
    """Roots, children, a task's, a fork, archived, reverted; repositories, a linked worktree, no repository."""
    assert len(lab.sessions) == len(IN_A) + 3
    assert orphans(lab.opencode, lab.a) == {}


def test_what_opencode_mends_itself_is_likely_only_and_gone_once_it_was_started(
    opencode: OpenCode, tmp_path: Path
) -> None:
    shop, other = (repository(tmp_path / name) for name in ("shop", "other"))
    notes = tmp_path / "notes"
    notes.mkdir()
    with opencode.serve(tmp_path):
        with_origin, adopted, row = (session(opencode, directory) for directory in (shop, notes, other))
        for spot in (Spot(with_origin, shop), Spot(adopted, notes, str(notes)[1:]), Spot(row, other)):
            assert seen_by(opencode, spot) == ALL
    git(shop, "remote", "add", "origin", "https://example.com/acme/shop.git")
    git(notes, "init", "--quiet")
    commit(notes, f"first in {notes}")
    change(opencode, "DELETE FROM project WHERE worktree = ?", str(other))
    assert orphans(opencode, tmp_path) == {
        with_origin: {"project-drift": "likely"},
        adopted: {"global-claimed": "likely"},
        row: {"unknown-project": "likely"},
    }
    with opencode.serve(tmp_path):
        for spot in (Spot(with_origin, shop), Spot(adopted, notes), Spot(row, other)):
            assert seen_by(opencode, spot) == ALL
    assert orphans(opencode, tmp_path) == {}


def test_a_path_that_is_null_hides_a_session_from_the_directories_above_only(
    opencode: OpenCode, tmp_path: Path
) -> None:
    shop = repository(tmp_path / "shop", "src/deep")

    def shown() -> dict[str, set[str]]:
        return {path: opencode.listed_under(shop / path, path) for path in ("", "src", "src/deep")}

    with opencode.serve(shop):
        deep, at_top = (opencode.new_session("here", directory) for directory in (shop / "src" / "deep", shop))
        assert shown() == {"": {deep, at_top}, "src": {deep}, "src/deep": {deep}}
    change(opencode, "UPDATE session SET path = NULL")
    with opencode.serve(shop):
        assert shown() == {"": {deep, at_top}, "src": set(), "src/deep": {deep}}
    assert orphans(opencode, tmp_path) == {deep: {"stale-path": "likely"}, at_top: {"stale-path": "unknown"}}


def test_explain_tells_what_opencode_stored(lab: Lab) -> None:
    told: Any = answer(lab.opencode, "orphans", "--explain", lab.sessions["deep"], cwd=lab.a)
    with closing(sqlite3.connect(lab.opencode.database)) as database:
        ((project, path),) = database.execute(
            "SELECT project_id, path FROM session WHERE id = ?", (lab.sessions["deep"],)
        )
    place = told["found"]["place"]
    assert (place["projectId"], place["path"]) == (project, path)
    assert told["found"]["keptId"] == project
    assert not any(rule["found"] for rule in told["rules"])
    assert told["suggestion"] is None
