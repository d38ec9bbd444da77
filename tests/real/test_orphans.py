"""What our rules find in databases of the real opencode; each way to get lost is in `test_rescue.py`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.real.losses import ALL, found, git, repository, seen_by, session_in
from tests.real.migrator_command import answer
from tests.real.sessions import IN_A

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.opencode import OpenCode
    from tests.real.sessions import Lab


def test_sessions_of_a_healthy_database_are_no_orphans(lab: Lab) -> None:
    """Roots, children, a task's, a fork, archived, reverted; repositories, a linked worktree, no repository."""
    assert len(lab.sessions) == len(IN_A) + 3
    assert found(lab.opencode, lab.a) == {}


def test_what_opencode_mends_itself_is_likely_only_and_gone_once_it_was_started(
    opencode: OpenCode, tmp_path: Path
) -> None:
    shop = repository(opencode, tmp_path / "shop")
    with_origin = session_in(opencode, shop)
    notes = tmp_path / "notes"
    notes.mkdir()
    adopted = session_in(opencode, notes, str(notes)[1:])
    other = repository(opencode, tmp_path / "other")
    row = session_in(opencode, other)
    git(opencode, shop, "remote", "add", "origin", "https://example.com/acme/shop.git")
    git(opencode, notes, "init", "--quiet")
    git(opencode, notes, "commit", "--quiet", "--allow-empty", "--message", "first")
    with closing(sqlite3.connect(opencode.database)) as database, database:
        database.execute("DELETE FROM project WHERE worktree = ?", (str(other),))
    assert found(opencode, tmp_path) == {
        with_origin: {"project-drift": "likely"},
        adopted: {"global-claimed": "likely"},
        row: {"unknown-project": "likely"},
    }
    for session, directory in ((with_origin, shop), (adopted, notes), (row, other)):
        assert seen_by(opencode, session, directory, "", ALL) == ALL
    assert found(opencode, tmp_path) == {}


def test_a_path_that_is_null_hides_a_session_from_the_directories_above_only(
    opencode: OpenCode, tmp_path: Path
) -> None:
    shop = repository(opencode, tmp_path / "shop", "src/deep")
    deep = session_in(opencode, shop / "src" / "deep", "src/deep")
    at_top = session_in(opencode, shop)

    def shown() -> dict[str, set[str]]:
        with opencode.serve(shop):
            return {path: opencode.listed_under(shop / path, path) for path in ("", "src", "src/deep")}

    assert shown() == {"": {deep, at_top}, "src": {deep}, "src/deep": {deep}}
    with closing(sqlite3.connect(opencode.database)) as database, database:
        database.execute("UPDATE session SET path = NULL")
    assert shown() == {"": {deep, at_top}, "src": set(), "src/deep": {deep}}
    assert found(opencode, tmp_path) == {deep: {"stale-path": "likely"}, at_top: {"stale-path": "unknown"}}


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
