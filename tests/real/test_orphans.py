"""Sessions that the real opencode lost: our rules find them, and it doesn't show or resume them where they belong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.losses import ALL, LOSSES, git, repository, seen_by, session_in
from tests.real.migrator_command import answer
from tests.real.sessions import IN_A

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.opencode import OpenCode
    from tests.real.sessions import Lab


def found(opencode: OpenCode, cwd: Path) -> dict[str, dict[str, str]]:
    """For each orphan the rules that found it and how sure they are."""
    rows = answer(opencode, "orphans", cwd=cwd)
    return {row["id"]: {reason["rule"]: reason["certainty"] for reason in row["reasons"]} for row in rows}


@pytest.mark.parametrize("name", LOSSES)
def test_a_lost_session_is_found_and_opencode_does_not_see_it(opencode: OpenCode, tmp_path: Path, name: str) -> None:
    (tmp_path / "at").mkdir()
    loss = LOSSES[name](opencode, tmp_path / "at")
    assert loss.hidden_from
    before = found(opencode, tmp_path)
    assert loss.rule in before.get(loss.session, {}), before
    assert list(before) == [loss.session]  # nobody else is lost
    assert loss.seen_by() == loss.readers - loss.hidden_from
    assert loss.rule in found(opencode, tmp_path)[loss.session]  # opencode mends nothing when it is started


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
