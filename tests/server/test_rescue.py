"""`rescue` over HTTP: the plan of the command line, and ties with commands that name the database."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.git import repository
from tests.support.history import History, one_with_two_homes, two_with_a_home
from tests.support.home import build_home
from tests.support.server import serving
from tests.support.shell import run_in_shell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Two sessions with a certain home, one whose home a search finds, and one that may belong to either of two."""
    history = History(build_home(tmp_path / "home", "1.18.34"))
    two_with_a_home(history)
    far = repository(history.src / "far")
    history.session(far)
    far.rename(history.home.path / "far")
    one_with_two_homes(history)
    return history


def test_a_plan_is_what_the_command_line_would_plan(history: History) -> None:
    search = str(history.home.path / "far")
    with serving(history.home) as served:
        for body, words in (
            ({}, []),
            ({"fromDir": "~/src/one"}, ["--from-dir", "~/src/one"]),
            (
                {"excludeDir": ["~/src/o*"], "rule": "project-drift"},
                ["--exclude-dir", "~/src/o*", "--rule", "project-drift"],
            ),
            (
                {"search": "~/far", "searchDepth": 0, "likely": True},
                ["--search", search, "--search-depth", "0", "--likely"],
            ),
            ({"undoFiles": "detach", "announce": False}, ["--undo-files", "detach", "--no-announce"]),
        ):
            plan = served.post("/plan", {"command": "rescue", **body})
            assert plan == history.home.run("plan", "rescue", *words, "--json").json, body
        run = served.post(
            "/apply", {"plan": served.post("/plan", {"command": "rescue", "fromDir": "~/src/one"})["digest"]}
        )
        assert (run["status"], run["sessions"]) == ("applied", 1)
        assert served.post("/plan", {"command": "rescue", "fromDir": "~/src/one"})["warnings"][0]["code"] == "none-lost"


def test_what_is_refused(history: History) -> None:
    with serving(history.home) as served:
        for body, status, code, said in (
            (
                {"command": "undo"},
                400,
                "bad-input",
                "command must be move, rescue, relocate, ",
            ),
            ({"command": "rescue", "toDir": "/tmp"}, 400, "bad-input", "There is no option 'toDir' of rescue"),
            ({"likely": True, "toDir": "/tmp"}, 400, "bad-input", "There is no option 'likely' of move"),
            ({"command": "rescue", "rule": "misspelt"}, 400, "bad-input", "There is no rule 'misspelt' (rule)"),
            ({"command": "rescue", "search": "/nowhere"}, 400, "bad-input", "/nowhere does not exist"),
            ({"command": "rescue", "searchDepth": 101}, 400, "bad-input", "searchDepth must be a whole number"),
            ({"command": "rescue", "fromDir": "~/nowhere"}, 404, "nothing-matched", "No session matches"),
        ):
            assert said in served.refused("POST", "/plan", status, code, json=body)


def test_commands_name_the_database_that_is_served(history: History) -> None:
    database = shutil.move(history.home.database, history.home.path / "a copy.db")
    with serving(history.home, "--db", "a copy.db") as served:
        (tie,) = [orphan for orphan in served.get("/session/orphans") if orphan["rivals"]]
        warnings = served.post("/plan", {"command": "rescue"})["warnings"]
    (commands,) = [warning["lost"]["commands"] for warning in warnings if warning["lost"]["commands"]]
    assert commands == tie["commands"]
    assert all(command.endswith(f" --db '{database}'") for command in commands)
    assert run_in_shell(history.home, f"{commands[0]} --yes", cwd=history.src).code == 0
