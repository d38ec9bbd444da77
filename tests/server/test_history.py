"""`GET /session/history`: opencode's fields and parameters, and pages that skip and repeat nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.home import build_home
from tests.support.rows import add_sessions
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.server import Served

SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"
"""The project of ~/src/shop-search in the fixture."""


def ids(served: Served, **params: object) -> list[str]:
    return [row["id"] for row in served.get("/session/history", **params)]


def where(served: Served, condition: str) -> list[str]:
    sql = f"SELECT id FROM session WHERE {condition} ORDER BY time_updated DESC, id DESC"
    return [id_ for (id_,) in served.home.query(sql)]


def test_rows_are_sessions_as_opencode_returns_them(reader: Served) -> None:
    rows = {row["id"]: row for row in reader.get("/session/history", archived="true")}
    assert len(rows) == 18
    for id_, slug, title, updated, cost, tokens, workspace in reader.home.query(
        "SELECT id, slug, title, time_updated, cost, tokens_input, workspace_id FROM session"
    ):
        row = rows[id_]
        assert (row["slug"], row["title"], row["time"]["updated"], row["cost"]) == (slug, title, updated, cost)
        assert row["tokens"]["input"] == tokens
        assert row.get("workspaceID") == workspace
        assert row["project"] is None or row["project"]["id"] == row["projectID"]
        assert None not in row.values() or row["project"] is None
    assert {"id", "worktree"} == set(rows[id_]["project"])


@pytest.mark.parametrize("fixture", ["1.2.1", "1.2.27", "1.14.34", "v2-run-fresh", "v2-run-upgraded"])
def test_every_schema(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    listed = home.run("list", "--all", "--no-roots", "--json").json
    with serving(home) as served:
        rows = served.get("/session/history", archived="true")
        assert served.get("/session/history", workspace="wrk_none") == []
    assert [(row["id"], row["title"], row["directory"]) for row in rows] == [
        (row["id"], row["title"], row["directory"]) for row in listed
    ]
    always = {"id", "slug", "projectID", "directory", "title", "version", "time", "project"}
    assert rows
    assert all(always <= set(row) for row in rows)


def test_filters(reader: Served) -> None:
    directory = str(reader.home.src / "shop-search")
    assert ids(reader) == where(reader, "time_archived IS NULL")
    assert ids(reader, archived="true") == where(reader, "TRUE")
    assert ids(reader, roots="true") == where(reader, "parent_id IS NULL AND time_archived IS NULL")
    there = where(reader, f"directory = '{directory}' AND time_archived IS NULL")
    assert ids(reader, directory=directory) == there != []
    assert ids(reader, directory=directory, limit=2) == there[:2]
    assert ids(reader, search="TRIGRAM") == where(reader, "title LIKE '%trigram%'") != []
    assert ids(reader, search="%") == []
    ((middle,),) = reader.home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    assert ids(reader, start=middle, archived="true") == where(reader, f"time_updated >= {middle}")
    assert ids(reader, directory="", search="", cursor="", workspace="") == ids(reader)


def test_a_number_goes_on_with_what_was_updated_before_then(reader: Served) -> None:
    ((middle,),) = reader.home.query("SELECT time_updated FROM session ORDER BY time_updated LIMIT 1 OFFSET 9")
    assert ids(reader, cursor=middle, archived="true") == where(reader, f"time_updated < {middle}")


@pytest.mark.parametrize("equal", [True, False])
def test_pages_skip_and_repeat_nothing(served: Served, equal: bool) -> None:
    """Also where all times are equal, as a bulk import leaves them."""
    columns = {"project_id": SEARCH, "directory": "/srv"}
    times = [7 if equal else number // 3 for number in range(500)]
    rows = ({"id": f"ses_{number:06}", "time_updated": at} | columns for number, at in enumerate(times))
    add_sessions(served.home, *rows)
    for limit in (1, 7, 100, 1000):
        pages = served.pages(limit=limit, directory="/srv")
        seen = [row["id"] for page in pages for row in page]
        assert seen == where(served, "directory = '/srv'")
        assert all(len(page) == limit for page in pages[:-1])


def test_a_directory_is_meant_in_every_spelling(served: Served) -> None:
    """As `--from-dir` means it."""
    spelt = (
        r"C:\Users\Me\shop",
        "c:/users/me/Shop",
        r"C:\Users\Me\shop\sub",
        "/srv/cafe\u0301",
        "/srv/caf\u00e9",
        "/srv/CAFE",
    )
    rows = (
        {"id": f"ses_{number}", "directory": directory, "project_id": SEARCH} for number, directory in enumerate(spelt)
    )
    add_sessions(served.home, *rows)
    for asked, found in {"C:/Users/ME/SHOP": {"ses_0", "ses_1"}, "/srv/caf\u00e9": {"ses_3", "ses_4"}}.items():
        assert {*ids(served, directory=asked)} == found


def test_cursors_are_opaque(reader: Served) -> None:
    cursor = reader.ask.get("/session/history", params={"limit": 1}).headers["x-next-cursor"]
    assert re.fullmatch(r"[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*", cursor)
    assert "ses_" not in cursor


def test_what_somebody_writes_is_seen_at_once(served: Served) -> None:
    for number in range(5):
        served.home.execute("UPDATE session SET title = ? WHERE parent_id IS NULL", [f"Round {number}"])
        assert {row["title"] for row in served.get("/session/history", roots="true")} == {f"Round {number}"}


def test_nobody_is_kept_from_the_database_between_two_pages(served: Served) -> None:
    """An open connection would make every move by the command line refuse."""
    served.get("/session/history")
    served.home.repository("shop")
    moved = served.home.run("move", "--from-dir", "~/src/shop-*", "--to-dir", "~/src/shop", "--yes")
    assert moved.code == 0, moved.stderr
    rows = served.get("/session/history", archived="true")
    assert sum(row["directory"] == str(served.home.src / "shop") for row in rows) == 17


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"limit": "0"}, "limit must be a whole number from 1 to 1000, not '0'."),
        ({"limit": "1001"}, "limit must be a whole number from 1 to 1000, not '1001'."),
        ({"limit": "ten"}, "limit must be a whole number from 1 to 1000, not 'ten'."),
        ({"limit": "٣"}, "limit must be a whole number from 1 to 1000, not '٣'."),
        ({"roots": "yes"}, "roots must be true or false, not 'yes'."),
        ({"limit": ["1", "2"]}, "limit is given twice."),
        ({"serch": "x"}, "There is no parameter 'serch' here; known: directory, roots, start, cursor"),
        ({"cursor": "-1"}, "'-1' is no cursor; take the one in the header x-next-cursor of the page before."),
        ({"cursor": "MTc5"}, "'MTc5' is no cursor"),
        ({"cursor": "ü"}, "'ü' is no cursor"),
    ],
)
def test_what_cant_be_meant(reader: Served, params: dict[str, str], said: str) -> None:
    assert reader.refused("GET", "/session/history", 400, "bad-input", params=params).startswith(said)


def test_a_database_that_went_away_is_said(served: Served) -> None:
    served.home.database.rename(served.home.database.with_suffix(".away"))
    assert str(served.home.database) in served.refused("GET", "/session/history", 503, "unusable")
    served.home.database.with_suffix(".away").rename(served.home.database)
    assert len(ids(served)) > 0
