"""The project `global` is no directory's, though opencode puts an empty repository that it opened into its row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import migrator
from tests.support.git import git, sub_directory
from tests.support.server import serving
from tests.torture.forged_plans import signed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.register import MakeRegister, Register


def empty_repository(at: Path) -> Path:
    git(sub_directory(at), "init", "-q")
    return at


@pytest.fixture(params=["1.18.34", "v2-run-upgraded"])
def register(make_register: MakeRegister, request: pytest.FixtureRequest) -> Register:
    """Sessions in an empty repository and in a second one; opencode has the first as the worktree of `global`."""
    register = make_register(request.param)
    empty, second = empty_repository(register.at / "empty"), empty_repository(register.at / "second")
    home = register.home
    register.add_project("global", empty, "git")
    home.execute("UPDATE project SET name = 'mine', sandboxes = ?", [json.dumps([str(second)])])
    home.insert("project_directory", project_id="global", directory=str(empty), time_created=1)
    if home.columns("worktree"):
        home.insert("worktree", project_id="global", directory=str(empty), time_created=1)
    register.add("ses_empty", empty)
    register.add("ses_second", second)
    return register


def stored(register: Register) -> Any:
    """What the rows of `global` hold, of which none is ours to change."""
    tables = [table for table in ("project", "project_directory", "worktree") if register.home.columns(table)]
    return {table: register.home.query(f"SELECT * FROM {table}") for table in tables}


def bound(register: Register) -> dict[str, tuple[str, str]]:
    rows = register.home.query(f"SELECT id, project_id, directory FROM {register.table}")
    return {id_: (project, directory.removeprefix(f"{register.at}/")) for id_, project, directory in rows}


@pytest.mark.parametrize("typed", ["empty", "mine", "second"])
def test_no_name_selects_it(register: Register, typed: str) -> None:
    home = register.home
    assert home.run("list", "--from-project", typed).code == 3
    assert home.run("move", "--from-project", typed, "--to-dir", register.at, "--yes").code == 3
    listed = home.run("list", "--from-project", "global", "--json").json
    assert {row["id"] for row in listed} == {"ses_empty", "ses_second"}


@pytest.mark.parametrize("typed", ["empty", "second"])
def test_no_path_selects_it(register: Register, typed: str) -> None:
    done = register.home.run("list", "--from-project", register.at / typed)
    assert (done.code, done.stdout) == (1, "")
    assert f"--from-dir {register.at / typed}, or all with --from-project global" in done.stderr


def test_it_is_shown_without_what_its_row_says(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    home = register.home
    (row,) = home.run("projects", "--json").json
    assert row == {
        "id": "global",
        "name": None,
        "worktree": "/",
        "vcs": None,
        "sessions": 2,
        "exists": None,
        "reason": None,
        "updated": max(row["updated"] for row in home.run("list", "--all", "--json").json),
    }
    listed = home.run("projects", "--columns", "id,name,sessions,worktree")
    assert listed.stdout.splitlines()[1].split() == ["global", "global", "2", "(none", "of", "its", "own)"]
    assert listed.stderr == ""
    of_session = {"id": "global", "name": None, "worktree": "/"}
    assert [row["project"] for row in home.run("list", "--all", "--json").json] == [of_session] * 2
    monkeypatch.setenv("HOME", str(home.path))
    assert migrator.open_store(home.database).projects() == (migrator.Project("global", "/"),)
    with serving(home) as served:
        projects = [row["project"] for row in served.get("/session/history")]
    assert projects == [{"id": "global", "worktree": "/"}] * 2
    assert home.run("orphans", "--json").json == []


def test_it_is_no_destination(register: Register) -> None:
    done = register.home.run("move", "--from-id", "ses_second", "--to-project", "global", "--yes")
    assert done.code == 2
    assert "Project global has no directory of its own" in done.stderr


def test_relocate_moves_sessions_and_leaves_its_rows_alone(register: Register) -> None:
    home, before = register.home, stored(register)
    (register.at / "empty").rename(register.at / "new")
    done = home.run("relocate", register.at / "empty", register.at / "new", "--yes", "--json")
    assert (done.code, done.json["status"]) == (0, "applied"), done.stderr
    assert bound(register) == {"ses_empty": ("global", "new"), "ses_second": ("global", "second")}
    assert stored(register) == before
    assert home.run("undo", "--yes").code == 0
    assert bound(register)["ses_empty"] == ("global", "empty")


def test_relocate_of_a_folder_that_only_its_row_names(register: Register) -> None:
    register.home.execute(f"DELETE FROM {register.table} WHERE id = 'ses_empty'")
    (register.at / "empty").rename(register.at / "new")
    done = register.home.run("relocate", register.at / "empty", register.at / "new", "--yes")
    assert done.code == 3, done.stdout + done.stderr


def unregistered(register: Register) -> Register:
    """Let there be no row of `global`, and a session to move that needs one."""
    register.home.empty()
    register.add("ses_shop", register.home.repository("shop"))
    return register


@pytest.mark.parametrize("saved", [False, True], ids=["planned now", "planned by an earlier version"])
def test_its_row_is_made_without_a_directory(register: Register, *, saved: bool) -> None:
    """An earlier version planned to register the destination as its worktree."""
    home, file = unregistered(register).home, register.home.path / "plan.json"
    before = home.everything()
    assert home.run("plan", "move", "--from-id", "ses_shop", "--to-dir", register.at / "empty", "-o", file).code == 0
    plan = json.loads(file.read_text())
    (project,) = [project for project in plan["projects"] if project["action"] == "register"]
    assert (project["worktree"], project["vcs"]) == ("/", None)
    if saved:
        project |= {"worktree": f"{register.at}/empty", "vcs": "git"}
        file.write_text(json.dumps(signed(plan)))
    assert home.run("apply", file, "--yes").code == 0
    row = "SELECT worktree, vcs, name, sandboxes FROM project WHERE id = 'global'"
    assert home.query(row) == [("/", None, None, "[]")]
    assert bound(register)["ses_shop"] == ("global", "empty")
    assert home.run("undo", "--yes").code == 0
    assert home.everything() | {"session_message": None} == before | {"session_message": None}


def test_a_plan_of_an_earlier_version_that_moves_its_worktree(register: Register) -> None:
    """It is applied as it was shown, and taken back."""
    home, file, before = register.home, register.home.path / "plan.json", stored(register)
    empty, new = register.at / "empty", register.at / "new"
    empty.rename(new)
    assert home.run("plan", "relocate", empty, new, "-o", file).code == 0
    plan = json.loads(file.read_text())
    paths = {"worktree": f"{empty}", "sandboxes": json.dumps([f"{register.at}/second"])}
    update = {"id": "global", "worktree": f"{new}", "action": "update", "vcs": "git", "before": paths}
    update |= {"after": paths | {"worktree": f"{new}"}, "directories": [], "workspaces": []}
    plan["projects"] = [update]
    file.write_text(json.dumps(signed(plan)))
    done = home.run("apply", file, "--yes", "--json")
    assert done.code == 0, done.stderr
    assert home.query("SELECT worktree FROM project") == [(f"{new}",)]
    assert bound(register)["ses_empty"] == ("global", "new")
    assert home.run("undo", "--yes").code == 0
    assert stored(register) == before
