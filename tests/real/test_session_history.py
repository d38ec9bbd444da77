"""`GET /session/history` answers what opencode's own global list does, value for value."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.support.home import build_home
from tests.support.opencode.binary import MAIN
from tests.support.server import serving

if TYPE_CHECKING:
    from tests.real.conftest import Install
    from tests.support.home import Home
    from tests.support.opencode.opencode_1 import OpenCode

pytestmark = pytest.mark.long

LEFT_OUT = {"revert", "permission", "metadata"}
"""What grows with the conversation, or is nobody's business in a list; of `summary`, its `diffs`."""

ASKED: list[dict[str, str]] = [
    {},
    {"archived": "true"},
    {"roots": "true"},
    {"directory": "HOME/src/shop-search"},
    {"search": "Read"},
    {"start": "MIDDLE"},
    {"cursor": "MIDDLE", "archived": "true"},
    {"limit": "3"},
    {"archived": "true", "roots": "true", "limit": "5"},
]


@pytest.fixture(scope="module")
def answers(install: Install, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, Any]]:
    """What opencode and we answer to the same questions about the same database."""
    home = build_home(tmp_path_factory.mktemp("history") / "home", "real-1.18.34")
    opencode = install(home.path, MAIN)
    middle = _vary(home)
    shop = home.repository("shop")
    asked = [_said(query, home, middle) for query in ASKED]
    with opencode.serve(shop):
        theirs = [_listed(opencode, query) for query in asked]
    with serving(home) as served:
        ours = [served.get("/session/history", **query) for query in asked]
    return list(zip(ours, theirs, strict=True))


def _vary(home: Home) -> int:
    """Put a value wherever opencode's rows can hold one; return a time that lies in the middle."""
    with closing(sqlite3.connect(home.database)) as database, database:
        database.execute(
            "UPDATE session SET share_url = 'https://example.com/s', summary_additions = 1, summary_deletions = 2, "
            "summary_files = 3, time_compacting = 1795364980673, cost = 0.25, tokens_cache_read = 7, "
            "workspace_id = 'wrk_1' WHERE title = 'Read about BM25'"
        )
        database.execute("UPDATE session SET path = NULL, agent = NULL, model = NULL WHERE title LIKE 'Summarise%'")
        database.execute("UPDATE project SET name = 'Search' WHERE worktree LIKE '%shop-search'")
    ((middle,),) = home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    return int(middle)


def _said(query: dict[str, str], home: Home, middle: int) -> dict[str, str]:
    return {name: value.replace("HOME", str(home.path)).replace("MIDDLE", str(middle)) for name, value in query.items()}


def _listed(opencode: OpenCode, query: dict[str, str]) -> Any:
    """Ask opencode's own list. Its `directory` is sent always, as opencode's clients do: else it is the server's."""
    return opencode.call("GET", f"/experimental/session?{urlencode({'directory': ''} | query)}")


@pytest.mark.parametrize("number", range(len(ASKED)), ids=[str(query) for query in ASKED])
def test_rows_are_those_of_opencode(answers: list[tuple[Any, Any]], number: int) -> None:
    ours, theirs = answers[number]
    for row in theirs:
        for name in LEFT_OUT:
            row.pop(name, None)
        row.get("summary", {}).pop("diffs", None)
    assert ours == theirs
    assert ours


def test_every_value_that_a_row_can_hold_was_compared(answers: list[tuple[Any, Any]]) -> None:
    ours, _ = answers[ASKED.index({"archived": "true"})]
    assert {name for row in ours for name in row} == {
        "id", "slug", "projectID", "workspaceID", "directory", "path", "parentID", "summary", "cost", "tokens", "share",
        "title", "agent", "model", "version", "time", "project",
    }  # fmt: skip
    assert {name for row in ours for name in row["time"]} == {"created", "updated", "compacting", "archived"}
    assert {"name" in row["project"] for row in ours} == {True, False}
