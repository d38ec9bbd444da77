"""`orphans`: who is lost, why, and where they belong; in every format, and for one session with every fact."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from migrator_selectors.orphans import BUILT_IN
from tests.support.git import root_commit
from tests.support.rows import add_sessions
from tests.support.snapshots import snapshot
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from tests.support.home import Home

SEARCH = "4284baed5f10c280f234f02ab62431a6d8091933"
DEEP = "ses_dfbea8a30ffeWiJC9RXIpltx7m"
LIST_KEYS = ["id", "title", "created", "updated", "projectId", "project", "directory", "path", "parentId", "archived"]
KEYS = [*LIST_KEYS, "reasons", "suggestion", "rivals", "commands"]


@pytest.fixture
def home(home: Home) -> Home:
    """shop-search is there, under another id than its sessions have; all other directories are gone."""
    shop_search = home.repository("shop-search", "sub/deep")
    (shop_search / "sub" / "deep" / "file.txt").write_text("x\n")
    snapshot(home, shop_search, SEARCH)
    return home


def test_rows_and_keys_exactly(home: Home) -> None:
    before = home.everything()
    rows = home.run("orphans", "--json").json
    assert len(rows) == 18
    assert all(list(row) == KEYS for row in rows)
    listed = home.run("list", "--all", "--no-roots", "--json").json
    assert [{key: row[key] for key in LIST_KEYS} for row in rows] == listed
    (deep,) = [row for row in rows if row["id"] == DEEP]
    new = root_commit(home.src / "shop-search")
    assert [reason["rule"] for reason in deep["reasons"]] == ["project-drift"]
    assert deep["reasons"][0]["certainty"] == "certain"
    assert f"bound to project {SEARCH[:12]}" in deep["reasons"][0]["evidence"]
    assert list(deep["suggestion"]) == ["directory", "projectId", "certainty", "because"]
    assert deep["suggestion"]["directory"] == f"{home.src}/shop-search/sub/deep"
    assert deep["suggestion"]["projectId"] == new
    (notes,) = [row for row in rows if row["directory"] == f"{home.src}/notes"]
    assert notes["reasons"] == [
        {"rule": "missing-directory", "evidence": f"{home.src}/notes does not exist", "certainty": "certain"},
    ]
    assert (notes["suggestion"], notes["rivals"], notes["commands"]) == (None, [], [])
    assert home.everything() == before


def test_formats(home: Home) -> None:
    rows = home.run("orphans", "--json").json
    ndjson = home.run("orphans", "--format", "ndjson")
    assert [json.loads(line) for line in ndjson.stdout.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(home.run("orphans", "--format", "csv").stdout)))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    for column in ("reasons", "rivals"):
        assert [json.loads(row[column]) for row in table] == [row[column] for row in rows]
    assert ndjson.stderr == "18 lost sessions in 5 directories: missing-directory 3, project-drift 15.\n"


def test_a_time_that_somebody_wrote_by_hand_is_shown(home: Home) -> None:
    home.execute("UPDATE session SET time_updated = 'yesterday'")
    for command in (("orphans",), ("list", "--all")):
        assert "yesterday" in home.run(*command).stdout


def test_for_people_those_of_a_directory_are_together(home: Home) -> None:
    shown = home.run("orphans")
    assert (shown.code, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0] == "~/src/shop-search  14 sessions"
    assert lines[1].startswith(f"  project-drift: bound to project {SEARCH[:12]}; opencode resolves")
    assert any(line.startswith("  home (certain): stays where it is; ") for line in lines)
    assert sum(line.startswith("  ses_") for line in lines) == 18
    assert lines[-4:] == [
        "18 lost sessions in 5 directories: missing-directory 3, project-drift 15.",
        "",
        "15 sessions have a certain home. To bring them there:",
        "  opencode-migrator rescue",
    ]
    assert max(map(len, lines)) <= 80


def test_those_of_a_directory_are_in_line(home: Home) -> None:
    home.execute("UPDATE session SET id = 'ses_short' WHERE title = 'Name things better'")
    shown = home.run("orphans", "--from-dir", "~/src/shop-search").stdout.splitlines()
    assert len({line.index("  2026-") for line in shown if line.startswith("  ses_")}) == 1


def test_of_very_many_each_directory_shows_the_last_used(home: Home) -> None:
    rows = []
    for number in range(3000):
        where = {"directory": f"/srv/gone-{number % 40}", "path": f"srv/gone-{number % 40}"}
        rows.append({"id": f"ses_{number:05}", "time_updated": 1_900_000_000_000 + number} | where)
    add_sessions(home, *rows)
    lines = home.run("orphans").stdout.splitlines()
    assert lines[0] == "/srv/gone-0  75 sessions"
    assert [line.split()[0] for line in lines[2:5]] == ["ses_02960", "ses_02920", "ses_02880"]
    assert lines[5] == "  and 72 more; --verbose shows all"
    assert len(lines) < 350
    assert "3,018 lost sessions in 45 directories: missing-directory 3,003, project-drift 15." in " ".join(lines)
    assert len(home.run("orphans", "--verbose").stdout.splitlines()) > 3000


@pytest.mark.parametrize("columns", [72, 200])
def test_it_fits_the_terminal(home: Home, columns: int) -> None:
    with Terminal(home, "orphans", columns=columns) as terminal:
        assert terminal.finish() == 0
    assert max(map(len, terminal.text.splitlines())) <= columns


def test_one_rule_keeps_the_other_reasons_of_whom_it_finds(home: Home) -> None:
    home.execute("UPDATE session SET workspace_id = 'wrk_gone' WHERE id = ?", (DEEP,))
    (row,) = home.run("orphans", "--rule", "stale-workspace", "--json").json
    assert row["id"] == DEEP
    assert [reason["rule"] for reason in row["reasons"]] == ["project-drift", "stale-workspace"]
    both = home.run("orphans", "--rule", "stale-workspace", "--rule", "missing-directory")
    assert both.stdout.splitlines()[-4] == "4 lost sessions in 4 directories: stale-workspace 1, missing-directory 3."


def test_selectors_narrow_it(home: Home) -> None:
    rows = home.run("orphans", "--from-dir", "~/src/shop-search/sub", "--json").json
    assert [row["id"] for row in rows] == [DEEP]
    assert len(home.run("orphans", "--exclude-dir", "~/src/shop-search", "--json").json) == 3
    none = home.run("orphans", "--from-dir", "~/src/shop-search", "--rule", "missing-directory")
    assert (none.code, none.stdout) == (0, "")
    assert none.stderr == "No lost session that these rules find among the selected sessions.\n"


def test_detached_is_the_same(home: Home) -> None:
    assert home.run("detached", "--json").stdout == home.run("orphans", "--json").stdout


def test_explain_tells_every_fact_and_every_rule(home: Home) -> None:
    told = home.run("orphans", "--explain", DEEP[:12])
    assert (told.code, told.stderr) == (0, "")
    assert max(map(len, told.stdout.splitlines())) <= 80
    one_line = " ".join(told.stdout.split())
    new = root_commit(home.src / "shop-search")
    for fact in (
        f'{DEEP} "Fix the flaky index test"',
        "stored directory: ~/src/shop-search/sub/deep",
        f"stored project: {SEARCH}",
        'stored path: "sub/deep"',
        "project row: worktree ~/src/shop-search, git",
        "on the disk: ~/src/shop-search/sub/deep is there",
        f"to opencode: project {new} (its root commit)",
        'in checkout: ~/src/shop-search, path "sub/deep"',
        "id kept there: none",
        "yes project-drift (certain): bound to project",
        "no missing-directory: ~/src/shop-search/sub/deep is there",
        "no broken-tree: it is a root",
        "no stale-workspace: in no workspace",
        "home (certain): ~/src/shop-search/sub/deep, project",
    ):
        assert fact in one_line
    document = home.run("orphans", "--explain", DEEP, "--json").json
    assert len(document["rules"]) == len(BUILT_IN)
    assert {rule["rule"] for rule in document["rules"] if rule["found"]} == {"project-drift"}
    assert all(rule["because"] for rule in document["rules"] if not rule["found"])
    assert document["found"]["place"]["projectId"] == new


@pytest.mark.parametrize("what", ["directory", "repository"])
def test_explain_says_no_only_where_it_could_look(home: Home, what: str) -> None:
    shop_search = home.src / "shop-search"
    if what == "directory":
        shop_search.rename(home.src / "away")
        shop_search.symlink_to("shop-search")
    else:
        (shop_search / ".git" / "HEAD").write_text("")
    told = home.run("orphans", "--explain", DEEP)
    lines = told.stdout.splitlines()
    assert any(line.startswith("  ?    stale-path: ") for line in lines)
    assert any(line.startswith(f"  {'?  ' if what == 'directory' else 'no '}  missing-directory: ") for line in lines)
    assert any(line.startswith("  no   broken-tree: ") for line in lines)
    rules = home.run("orphans", "--explain", DEEP, "--json").json["rules"]
    assert {rule["rule"]: rule["found"] for rule in rules}["stale-path"] is None


def test_explain_of_a_session_that_is_in_order(home: Home) -> None:
    (home.src / "shop-search" / ".git" / "opencode").write_text(SEARCH)
    home.execute("UPDATE session SET time_updated = 4000000000000")  # else it is too old for some list one day
    told = home.run("orphans", "--explain", DEEP)
    assert told.stdout.splitlines()[-3] == "It isn't lost: opencode shows and resumes it where it is."
    assert "yes" not in told.stdout


def test_explain_refuses_what_is_no_session_or_several(home: Home) -> None:
    assert home.run("orphans", "--explain", "ses_nobody").code == 3
    several = home.run("orphans", "--explain", "ses_dfbea8")
    assert several.code == 1
    assert DEEP in several.stderr
    assert home.run("orphans", "--explain", "").code == 3


def test_without_git_nothing_is_called_lost(home: Home) -> None:
    home.environ["PATH"] = "/nowhere"
    refused = home.run("orphans")
    assert refused.code == 1
    assert "Git is not on PATH" in refused.stderr
    checked = home.run("doctor")
    assert checked.code == 0
    assert "-- lost sessions can't be found: git is not on PATH" in checked.stdout


def test_moving_them_by_rule(home: Home) -> None:
    moved = home.run("move", "--orphans=project-drift", "--to-dir", "keep", "--yes", "--json")
    assert moved.code == 0, moved.stderr
    assert moved.json["sessions"] == 15
    assert {row["reasons"][0]["rule"] for row in home.run("orphans", "--json").json} == {"missing-directory"}


def test_doctor_counts_them_by_rule(home: Home) -> None:
    assert home.run("doctor", "--json").json["orphans"] == {"missing-directory": 3, "project-drift": 15}
    assert "-- 18 lost sessions: missing-directory 3, project-drift 15; " in home.run("doctor").stdout
