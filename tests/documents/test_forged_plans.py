"""A plan is a file: one whose digest fits may still say what no plan says, and is refused with the place in it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.empty_home import empty_home, project_at_home
from tests.support.refusal import sentence
from tests.torture.forged_plans import signed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

FIRST = "changes[0]"
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("changes", 0, "after", "directory"), 7, f"{FIRST}.after.directory: Expected `str`, got `int`"),
    (("changes", 0, "after", "directory"), "src", f"{FIRST}.after.directory: 'src' is not an absolute path"),
    (("changes", 0, "after", "directory"), "/a\0b", f"{FIRST}: ids and paths can't contain NUL"),
    (("changes", 0, "after", "added"), 1, f"{FIRST}.after: Object contains unknown field `added`"),
    (("changes", 0, "session"), None, f"{FIRST}.session: Expected `str`, got `null`"),
    (("changes", 0, "undo"), "maybe", f"{FIRST}.undo: Invalid enum value 'maybe'"),
    (("changes", 0, "undo_turns", "carried"), 2**63, f"{FIRST}.undo_turns.carried: Expected `int` <= {2**63 - 1}"),
    (("changes", 0, "undo_turns", "carried"), -1, f"{FIRST}.undo_turns.carried: Expected `int` >= 0"),
    (("changes",), {}, "changes: Expected `array`, got `object`"),
    (("store", "dialect"), "v3", "store.dialect: Invalid enum value 'v3'"),
    (("store", "path"), "opencode.db", "store.path: Expected `str` matching regex"),
    (("announce",), True, "announce: opencode 1 can't tell the model of a move"),
    (("projects", 0, "worktree"), "shop", "projects[0]: 'shop' is not an absolute path"),
    (("projects", 0, "action"), "update", "projects[0]: an update needs all of before, after, directories, workspaces"),
]
UPDATE: list[tuple[tuple[Any, ...], Any, str]] = [
    (("after", "worktree"), "/elsewhere", "but '/elsewhere' in `after`"),
    (("after", "sandboxes"), "[", "not a JSON array of paths"),
    (("directories", 0, "before", "project_id"), "another", "a row in `directories` belongs to another project"),
    (("directories", 0, "before", "time_created"), 2**64, "directories[0].before[...]: Expected `int` <="),
    (("workspaces",), [{"id": "w", "before": "/a", "after": "/b"}] * 2, "a workspace is listed twice"),
]


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    found = inner = copy.deepcopy(document)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return signed(found)


def refused(home: Home, plan: Any) -> str:
    """Apply a plan, which must be refused in a sentence, and nothing be written; return the sentence."""
    before, file = home.everything(), home.path / "forged.json"
    file.write_text(json.dumps(plan))
    said = sentence(home.run("apply", file, "--yes"), 1)
    assert "forged.json is not what opencode-migrator writes: " in said
    assert "make it again with `opencode-migrator plan ... -o FILE`" in said
    assert home.everything() == before
    assert not home.state.exists()
    return said


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Any]:
    from tests.support.home import build_home

    home = build_home(tmp_path_factory.mktemp("forged") / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home, home.run("plan", "--from-dir", "~/src/shop-*", "--to-dir", "src/shop", "--json").json


@pytest.mark.parametrize(("path", "value", "place"), WRONG)
def test_what_is_wrong_is_named_with_its_place(
    forged: tuple[Home, Any], path: tuple[Any, ...], value: Any, place: str
) -> None:
    home, plan = forged
    assert place in refused(home, put(plan, path, value))


def test_no_session_has_two_changes(forged: tuple[Home, Any]) -> None:
    home, plan = forged
    first = plan["changes"][0]
    twice = put(plan, ("changes",), [*plan["changes"], first])
    assert f"changes[{len(plan['changes'])}].session: {first['session']} has another change" in refused(home, twice)
    both = put(plan, ("unchanged",), [first["session"]])
    assert f"unchanged[0]: {first['session']} is in the plan already" in refused(home, both)


def test_half_of_a_character_is_no_text(forged: tuple[Home, Any]) -> None:
    home, plan = forged
    file = home.path / "forged.json"
    file.write_text(json.dumps(put(plan, ("changes", 0, "title"), "\ud800")))
    assert "is no whole plan" in sentence(home.run("apply", file, "--yes"), 1)


@pytest.mark.parametrize(("path", "value", "what"), UPDATE)
def test_an_update_of_a_project_is_whole(tmp_path: Path, path: tuple[Any, ...], value: Any, what: str) -> None:
    home = empty_home(tmp_path / "home")
    old, _ = project_at_home(home, "shop")
    new = old.rename(home.src / "store")
    plan = home.run("relocate", old, new, "--dry-run", "--json").json
    assert what in refused(home, put(plan, ("projects", 0, *path), value))
