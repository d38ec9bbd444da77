"""A database that a preview of opencode 2 wrote: read as its own program does, never written to, and said at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.git import sub_directory
from tests.support.home import Home, build_home
from tests.support.marks import long_round
from tests.support.other_process import held_open
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.recorder import Words

WHY = "a preview of opencode 2 wrote it (there is no table session_inbox and no table worktree)"
MOVE = ("move", "--from-dir", "src/plain", "--to-dir", "src/other")
READING = (
    ("list", "--all"),
    ("projects",),
    ("orphans",),
    ("rescue", "--dry-run"),
    (*MOVE, "--dry-run"),
    ("plan", *MOVE),
    ("plan", "rescue"),
)
WRITING = (
    (*MOVE, "--yes"),
    MOVE,
    ("migrate", "ses_nobody", "src/other", "--yes"),
    ("relocate", "src/nothing", "src/other", "--yes"),
    ("rescue", "--yes"),
    ("consolidate", "src/plain", "--yes"),
    ("protect", "--yes"),
    ("gc", "--yes"),
)


@pytest.fixture(params=[long_round("v2-preview-fresh"), "v2-preview-upgraded"])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    home = build_home(tmp_path / "home", request.param)
    for name in ("plain/sub", "other"):
        sub_directory(home.src / name)
    return home


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_commands_that_read_say_it_first(home: Home, words: Words) -> None:
    done = home.run(*words)
    assert done.code == 0, done.stderr
    assert done.stderr.startswith(f"note: {home.database} is only read: {WHY}")
    assert "--yes" not in done.stdout


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_commands_that_write_are_refused_before_anything_else(home: Home, words: Words) -> None:
    before = home.everything()
    done = home.run(*words)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: The path {home.database} is not written to: {WHY}")
    assert home.everything() == before


def test_what_its_own_program_files_under_global_is_not_lost(home: Home) -> None:
    plain = {row["id"] for row in home.run("list", "--all", "--from-dir", "src/plain", "--json").json}
    assert len(plain) >= 2
    assert not plain & {row["id"] for row in home.run("orphans", "--json").json}
    rules = {reason["rule"] for row in home.run("orphans", "--json").json for reason in row["reasons"]}
    assert rules == {"missing-directory"}


def test_doctor(home: Home) -> None:
    done = home.run("doctor", "--json")
    assert done.code == 1
    assert (done.json["schema"]["age"].startswith("a preview of opencode 2"), done.json["writable"]) == (True, False)
    assert done.json["schema"]["readOnly"].startswith(WHY)
    assert f"no run can write: {WHY}" in home.run("doctor").stdout


def test_a_saved_plan_waits_for_opencode_2(home: Home) -> None:
    """It says so in its warnings, is refused before it is shown, and is refused with the reason while it is in use."""
    file = home.path / "plan.json"
    assert home.run("plan", *MOVE, "-o", file).code == 0
    codes = [warning["code"] for warning in json.loads(file.read_text())["warnings"]]
    assert codes[0] == "read-only"
    refused = home.run("apply", file, "--yes")
    assert (refused.code, refused.stdout) == (1, "")
    assert WHY in refused.stderr
    with held_open(home.database):
        refused = home.run("apply", file, "--yes")
    assert (refused.code, WHY in refused.stderr) == (1, True)


def test_over_http(home: Home) -> None:
    with serving(home) as served:
        plan = served.post("/plan", {"from-dir": f"{home.src}/plain", "to-dir": f"{home.src}/other"})
        assert plan["warnings"][0]["code"] == "read-only"
        answer = served.ask.post("/apply", json={"plan": plan["digest"]})
        code, said = served.stop()
    assert (answer.status_code, WHY in answer.text) == (422, True)
    assert (code, said.startswith(f"note: {home.database} is only read: {WHY}")) == (0, True)
