"""A plan file that is damaged, or doesn't fit the database or the disk any more, is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git, root_commit
from tests.support.home import Home, build_home
from tests.support.refusal import refused, sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


from tests.support.home import MOVE, SESSION


def edited(change: Callable[[Any], Any], *, signed: bool = False) -> Callable[[str], str]:
    """Return how to edit a plan file; `signed` is what somebody does who means it, digest and all."""

    def edit(text: str) -> str:
        document = json.loads(text)
        change(document)
        if signed:
            document.pop("digest")
            canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
            document["digest"] = "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
        return json.dumps(document)

    return edit


DAMAGES: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "edited": (edited(lambda plan: plan["changes"][0]["after"].update(directory="/evil")), "was changed"),
    "without its digest": (edited(lambda plan: plan.pop("digest")), "was changed"),
    "truncated": (lambda text: text[: len(text) // 2], "breaks off"),
    "empty": (lambda _: "", "is empty"),
    "binary": (lambda _: bytes(range(256)) * 4, "isn't text"),
    "not JSON": (lambda _: "shop-search -> shop\n", "is not a plan"),
    "other JSON": (lambda _: "[1, 2]", "is not a plan"),
    "a run": (lambda _: '{"format": "opencode-migrator/run@1"}', "is not a plan"),
    "deep JSON": (lambda _: "[" * 100_000, "breaks off"),
    "newer format": (
        edited(lambda plan: plan.update(format="opencode-migrator/plan@2"), signed=True),
        "opencode-migrator/plan@2",
    ),
    "a value missing": (edited(lambda plan: plan["changes"][0].pop("after"), signed=True), "after"),
    "a value wrong": (edited(lambda plan: plan["changes"][0].update(undo="perhaps"), signed=True), "perhaps"),
    "no object": (edited(lambda plan: plan.update(changes=[None]), signed=True), "changes[0]: Expected `object`"),
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home with a good plan, for all the bad ones: nothing is ever written to it."""
    home = build_home(tmp_path_factory.mktemp("planned") / "home", "real-1.18.34")
    home.repository("shop", "sub/deep")
    return home, home.run("plan", *MOVE[1:-1], "-o", "-").stdout


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_plan(planned: tuple[Home, str], damage: str) -> None:
    home, plan = planned
    change, words = DAMAGES[damage]
    damaged = change(plan)
    file = home.path / "damaged.json"
    file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    for command in (("apply", "--yes"), ("show",)):
        said = refused(home, *command, file)
        assert str(file) in said
        assert words in said
        assert "plan again" in said or "plan ... -o" in said


@pytest.mark.parametrize("command", [("apply", "--yes"), ("show",)], ids=["apply", "show"])
def test_a_missing_plan(home: Home, command: tuple[str, ...]) -> None:
    said = refused(home, *command, "nowhere.json")
    assert "nowhere.json" in said
    assert "No such file" in said
    assert "directory" in refused(home, *command, "src")


def test_a_plan_for_another_database(home: Home, saved: Path) -> None:
    other = build_home(home.path / "other", "1.18.34").database
    said = refused(home, "apply", saved, "--yes", "--db", other)
    assert f"None of its 17 sessions is in {other}" in said
    assert str(home.database) in said
    home.database.rename(home.database.with_name("elsewhere.db"))
    said = refused(home, "apply", saved, "--yes")
    assert str(home.database) in said
    assert "--db" not in said.split(";")[0]  # nobody typed it


def test_a_plan_for_a_destination_that_has_gone(home: Home, saved: Path) -> None:
    shutil.rmtree(home.src / "shop")
    said = refused(home, "apply", saved, "--yes", code=5)
    assert str(home.src / "shop") in said
    assert "plan again" in said
    for seed in "1234":  # of several that have gone, always the same one is named: that of the first session
        home.environ["PYTHONHASHSEED"] = seed
        assert refused(home, "apply", saved, "--yes", code=5) == said
    (home.src / "shop").write_text("a file")
    refused(home, "apply", saved, "--yes", code=5)


def test_a_plan_for_a_project_whose_row_has_gone(home: Home) -> None:
    """It was registered by a move that was taken back since."""
    assert home.run("migrate", SESSION, "src/shop", "--yes").code == 0
    file = home.path / "moving.json"
    assert home.run("plan", *MOVE[1:-1], "-o", file).code == 0
    assert home.run("undo", "--yes").code == 0
    before = home.everything()
    said = sentence(home.run("apply", file, "--yes"), 5)
    assert root_commit(home.src / "shop") in said
    assert "plan again" in said
    assert home.everything() == before


def test_a_plan_for_a_destination_that_is_another_place_now(home: Home) -> None:
    """`git init` without a commit leaves the project "global" and changes the path, by which the terminal UI lists."""
    (home.src / "notes").mkdir()
    file = home.path / "moving.json"
    assert home.run("plan", "--from-dir", "~/src/shop-*", "--to-dir", "src/notes", "-o", file).code == 0
    git(home.src / "notes", "init", "-q")
    said = refused(home, "apply", file, "--yes", code=5)
    assert str(home.src / "notes") in said
    assert f"the path '' now, and the plan says '{str(home.src)[1:]}/notes'" in said


def test_a_plan_file_that_cannot_be_written(home: Home) -> None:
    said = refused(home, "plan", *MOVE[1:-1], "-o", "nowhere/moving.json")
    assert "nowhere/moving.json" in said
    assert not (home.path / "nowhere").exists()
    below_a_file = home.database / "moving.json"
    assert f"{below_a_file}: Not a directory" in refused(home, "plan", *MOVE[1:-1], "-o", str(below_a_file))
    refused(home, "plan", *MOVE[1:-1], "-o", "src", code=2)
