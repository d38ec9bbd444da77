"""`migrate` (alias `rebind`): move one session with its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import root_commit
from tests.support.refusal import sentence

if TYPE_CHECKING:
    from tests.support.home import Home

PARENT = "ses_dfbea8ed3ffeeEpHJ5KIKZRinX"
"""Has two children, one of which has a child."""
CHILD = "ses_dfbea8bbdffeoRjJtH8InRDUco"
SINGLE = "ses_dfbea7dbbffe6PXdBNzjBZcPpX"


@pytest.fixture
def home(home: Home) -> Home:
    home.repository("shop", "sub/deep")
    return home


def bindings(home: Home, directory: str) -> dict[str, tuple[str, str]]:
    """Map the sessions in this directory to their project and path."""
    rows = home.query("SELECT id, project_id, path FROM session WHERE directory = ?", [directory])
    return {id_: (project, path) for id_, project, path in rows}


@pytest.mark.parametrize("name", ["migrate", "rebind"])
def test_a_session_and_its_tree(home: Home, name: str) -> None:
    run = home.run(name, PARENT, "src/shop", "--yes", "--json").json
    assert (run["status"], run["sessions"]) == ("applied", 4)
    shop = home.src / "shop"
    moved = bindings(home, str(shop))
    assert len(moved) == 4
    assert {PARENT, CHILD} < set(moved)
    assert set(moved.values()) == {(root_commit(shop), "")}


def test_a_child_takes_its_tree_along_and_the_plan_says_so(home: Home) -> None:
    plan = home.run("migrate", CHILD, "src/shop", "--dry-run", "--json").json
    assert plan["summary"]["sessions"] == 4
    assert {change["root"] for change in plan["changes"]} == {PARENT}
    (warning,) = [warning for warning in plan["warnings"] if warning["code"] == "whole-tree"]
    assert warning["session"] == CHILD
    assert PARENT in warning["message"]


def test_the_directory_is_the_current_one(home: Home) -> None:
    deep = home.src / "shop" / "sub" / "deep"
    assert home.run("migrate", SINGLE, "--yes", cwd=deep).code == 0
    assert bindings(home, str(deep)) == {SINGLE: (root_commit(deep), "sub/deep")}


def test_the_beginning_of_an_id_will_do(home: Home) -> None:
    assert home.run("migrate", SINGLE[:14], "src/shop", "--yes").code == 0
    assert list(bindings(home, str(home.src / "shop"))) == [SINGLE]


def test_project(home: Home) -> None:
    shop = home.src / "shop"
    project = root_commit(shop)
    before = home.everything()
    for said in ("shop-search", "global", "nonsense"):
        refusal = sentence(home.run("migrate", SINGLE, "src/shop", "--project", said, "--yes"), 1)
        assert project in refusal
        assert "--project" in refusal
        assert "--to-project" not in refusal  # which `migrate` doesn't have
        assert home.everything() == before
    assert home.run("migrate", SINGLE, "src/shop", "--project", project, "--yes").code == 0
    assert list(bindings(home, str(shop))) == [SINGLE]


def test_dry_run(home: Home) -> None:
    before = home.everything()
    shown = home.run("migrate", SINGLE, "src/shop", "--dry-run")
    assert shown.code == 0
    assert '"API: paginate orders"' in shown.stdout
    assert f"opencode-migrator migrate {SINGLE} src/shop --yes" in shown.stdout
    assert home.everything() == before


def test_a_session_that_is_already_there(home: Home) -> None:
    words = ("migrate", SINGLE, "src/shop", "--yes")
    assert home.run(*words).code == 0
    before = home.everything()
    again = home.run(*words)
    assert again.code == 0
    assert "Nothing to do" in again.stdout
    assert home.run(*words, "--json").json["status"] == "unchanged"
    assert home.everything() == before


def test_taken_back(home: Home) -> None:
    before = home.everything()
    run = home.run("migrate", PARENT, "src/shop", "--yes", "--json").json
    assert run["undo"] == f"opencode-migrator undo {run['run']}"
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
