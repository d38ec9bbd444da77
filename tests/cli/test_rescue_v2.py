"""`rescue` brings home what opencode 2 has lost, and `undo` takes all of it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.places.checkout import directory_project_id
from tests.support.git import repository, root_commit, sub_directory
from tests.support.register import Register
from tests.support.snapshots import snapshot

if TYPE_CHECKING:
    from tests.support.register import Register


@pytest.fixture
def register(register_v2: Register) -> Register:
    """Opencode 2 after its import: some sessions in "global", one with no path, one under an id from before."""
    register = register_v2
    notes, shop, api = sub_directory(register.at / "notes"), repository(register.at / "shop"), register.at / "api"
    register.add_project("global", "/")
    for id_, where, parent in [
        ("ses_notes", notes, None),
        ("ses_notes_child", notes, "ses_notes"),
        ("ses_below", sub_directory(notes / "2026"), None),
        ("ses_shop", sub_directory(shop / "src"), None),
    ]:
        bound = {"project_id": "global", "directory": str(where), "path": str(where)[1:], "parent_id": parent}
        register.add_row(id_, **bound)
        if register.home.columns("session"):
            register.add_row(id_, table="session", **bound)
    register.opened(notes)
    register.opened(shop)
    register.add("ses_healthy", shop)
    register.add("ses_null", shop, path=None)
    register.add("ses_api", repository(api))
    snapshot(register.home, api)
    (api / ".git").rename(register.at / "put-away")
    return register


def bindings(register: Register) -> dict[str, tuple[str, str, str | None, str | None]]:
    rows = register.home.query(f"SELECT id, project_id, directory, path, workspace_id FROM {register.table}")
    return {id_: (project, directory.removeprefix(f"{register.at}/"), *rest) for id_, project, directory, *rest in rows}


def test_all_of_them_come_home_and_go_back(register: Register) -> None:
    home = register.home
    healthy = bindings(register)["ses_healthy"]
    before = home.everything()
    assert register.names() == {
        "ses_notes": ["stranded-in-global"],
        "ses_notes_child": ["stranded-in-global"],
        "ses_below": ["stranded-in-global"],
        "ses_shop": ["stranded-in-global"],
        "ses_null": ["stale-path"],
        "ses_api": ["project-drift"],
    }

    done = home.run("rescue", "--yes", "--json")

    assert (done.code, done.json["status"], done.json["sessions"]) == (0, "applied", 6), done.stderr
    notes, below, api = (directory_project_id(f"{register.at}/{name}") for name in ("notes", "notes/2026", "api"))
    commit = root_commit(register.at / "shop")
    assert bindings(register) == {
        "ses_notes": (notes, "notes", "", None),
        "ses_notes_child": (notes, "notes", "", None),
        "ses_below": (below, "notes/2026", "", None),
        "ses_shop": (commit, "shop/src", "src", None),
        "ses_healthy": healthy,
        "ses_null": (commit, "shop", "", None),
        "ses_api": (api, "api", "", None),
    }
    assert register.found() == {}
    registered = home.query(
        "SELECT worktree, vcs, sandboxes FROM project WHERE id IN (?, ?) ORDER BY worktree", [below, api]
    )
    assert registered == [(f"{register.at}/{name}", None, "[]") for name in ("api", "notes/2026")]
    after = home.everything()
    for table in after.keys() - {register.table, "session", "project"}:
        assert after[table] == before[table], table  # no model is told of a directory that is where it was
    if register.home.columns("session"):  # where opencode 1 has another project too, its row goes along
        moved = {*after["session"]} - {*before["session"]}
        assert [(row[0], row[1]) for row in moved] == [("ses_shop", commit)]
    assert home.query("PRAGMA integrity_check") == [("ok",)]
    assert home.query("PRAGMA foreign_key_check") == []
    listed = home.run("list", "--json", cwd=register.at / "notes").json
    assert [row["id"] for row in listed] == ["ses_notes"]

    back = home.run("undo", "--yes")

    assert back.code == 0, back.stderr
    assert home.everything() == before


def test_one_rule_at_a_time(register: Register) -> None:
    done = register.home.run("rescue", "--rule", "stranded-in-global", "--yes", "--json")
    assert done.json["sessions"] == 4
    assert {*register.names()} == {"ses_null", "ses_api"}


def test_orphans_names_their_homes(register: Register) -> None:
    rows = register.home.run("orphans", "--json").json
    homes = {row["id"]: (row["suggestion"]["projectId"], row["suggestion"]["certainty"]) for row in rows}
    assert homes["ses_notes"] == (directory_project_id(f"{register.at}/notes"), "certain")
    assert {certainty for _, certainty in homes.values()} == {"certain"}
    assert register.home.run("doctor", "--json").json["orphans"] == {
        "project-drift": 1,
        "stranded-in-global": 4,
        "stale-path": 1,
    }
