"""`projects`: every project that opencode knows, and those that only sessions still name."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from migrator.text import iso_time
from tests.support.home import Home, build_home

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.unprivileged import UnprivilegedHome

KEYS = ["id", "name", "worktree", "vcs", "sessions", "exists", "reason", "updated"]
SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"


def test_rows_and_keys_exactly(home: Home) -> None:
    (home.src / "shop-search").mkdir()
    rows = home.run("projects", "--json").json
    assert all(list(row) == KEYS for row in rows)
    search, everywhere, api = rows  # last used first
    assert search == {
        "id": SEARCH,
        "name": None,
        "worktree": str(home.src / "shop-search"),
        "vcs": "git",
        "sessions": 16,
        "exists": True,
        "reason": None,
        "updated": home.query("SELECT max(time_updated) FROM session WHERE project_id = ?", (SEARCH,))[0][0],
    }
    assert (api["sessions"], api["exists"]) == (1, False)
    assert (everywhere["id"], everywhere["worktree"], everywhere["vcs"], everywhere["exists"]) == (
        "global",
        "/",
        None,
        None,
    )


def test_a_project_without_sessions_and_sessions_without_a_project(home: Home) -> None:
    home.execute("UPDATE session SET project_id = 'gone' WHERE project_id = ?", (SEARCH,))
    rows = {row["id"]: row for row in home.run("projects", "--json").json}
    assert rows[SEARCH]["sessions"] == 0
    updated = home.query("SELECT max(time_updated) FROM session WHERE project_id = 'gone'")[0][0]
    assert rows["gone"] == dict(zip(KEYS, ("gone", None, None, None, 16, False, None, updated), strict=True))
    assert "(no project row)" in home.run("projects").stdout


def test_table(home: Home) -> None:
    (home.src / "shop-search").mkdir()
    home.execute("UPDATE project SET name = 'Search' WHERE id = ?", (SEARCH,))
    listed = home.run("projects")
    assert listed.stderr == ""
    heading, *lines = listed.stdout.splitlines()
    assert heading.split()[0] == "Project"
    assert len(lines) == 3
    (line,) = [line for line in lines if SEARCH[:12] in line]
    assert "~/src/shop-search" in line
    assert "Search" in line  # the name that --from-project takes
    assert " yes " in line


def test_formats(home: Home) -> None:
    rows = home.run("projects", "--json").json
    ndjson = home.run("projects", "--format", "ndjson").stdout.splitlines()
    assert [json.loads(line) for line in ndjson] == rows
    table = list(csv.DictReader(io.StringIO(home.run("projects", "--format", "csv").stdout)))
    for row in rows:
        row["updated"] = iso_time(row["updated"])
        row["exists"] = {True: "true", False: "false", None: None}[row["exists"]]
    assert table == [{key: "" if row[key] is None else str(row[key]) for key in KEYS} for row in rows]


@pytest.mark.parametrize("fixture", ["1.2.1", "1.14.34", "1.17.0"])
def test_every_schema(tmp_path: Path, fixture: str) -> None:
    home = build_home(tmp_path / "home", fixture)
    rows = home.run("projects", "--json").json
    assert sorted(row["sessions"] for row in rows) == [2, 2, 3]


def test_the_id_that_is_shown_selects_the_project(home: Home) -> None:
    shown = home.run("projects").stdout.splitlines()[1].split()[0]
    assert SEARCH.startswith(shown)
    assert len(home.run("list", "--from-project", shown, "--no-roots", "--json").json) == 16


def test_a_worktree_below_a_closed_folder_may_exist(unprivileged: UnprivilegedHome) -> None:
    closed = unprivileged.src
    closed.chmod(0)
    listed, table = unprivileged.run("projects", "--json"), unprivileged.run("projects")
    closed.chmod(0o755)
    rows = {row["id"]: row for row in listed.json}
    assert (listed.code, table.code) == (0, 0)
    assert rows[SEARCH]["exists"] is None
    worktree = closed / "shop-search"
    assert rows[SEARCH]["reason"].startswith(f"{worktree} can't be looked at: Permission denied; {closed} belongs to")
    assert (rows["global"]["exists"], rows["global"]["reason"]) == (None, None)
    (line,) = [line for line in table.stdout.splitlines() if SEARCH[:12] in line]
    assert " can't tell " in line
    assert f"note: {rows[SEARCH]['reason']}\n" in table.stderr
    assert {row["exists"] for row in unprivileged.run("projects", "--json").json} == {False, None}  # open again
