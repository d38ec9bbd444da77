"""A folder in no repository is another project to opencode 2 once it has another path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.places.checkout import directory_project_id
from tests.support.git import repository, root_commit, sub_directory
from tests.support.register import Register

if TYPE_CHECKING:
    from tests.support.register import Register


@pytest.fixture
def register(register_v2: Register) -> Register:
    """`old` with a directory, a repository, and a directory that is gone, and sessions in each."""
    register = register_v2
    old = sub_directory(register.at / "old")
    for name in ("", "2026", "gone"):
        where = sub_directory(old / name)
        register.add(f"ses_{name or 'top'}", where)
        register.opened(where)
    (old / "gone").rmdir()
    shop = repository(old / "shop")
    register.add("ses_shop", sub_directory(shop / "src"))
    register.opened(shop)
    return register


def homes(register: Register) -> dict[str, tuple[str, str, str]]:
    rows = register.home.query(f"SELECT id, directory, project_id, path FROM {register.table}")
    return {id_: (directory.removeprefix(f"{register.at}/"), *rest) for id_, directory, *rest in rows}


@pytest.mark.parametrize("option", [None, "--will-move", "--foreign"])
def test_its_sessions_follow_into_the_other_project(register: Register, option: str | None) -> None:
    home, old, new = register.home, register.at / "old", register.at / "new"
    commit = root_commit(old / "shop")
    if option is None:
        old.rename(new)
    before = home.everything()

    done = home.run("relocate", old, new, "--yes", "--json", *([option] if option else []))

    assert (done.code, done.json["status"]) == (0, "applied"), done.stderr
    assert homes(register) == {
        "ses_top": ("new", directory_project_id(f"{new}"), ""),
        "ses_2026": ("new/2026", directory_project_id(f"{new}/2026"), ""),
        "ses_gone": ("new/gone", directory_project_id(f"{new}/gone"), ""),
        "ses_shop": ("new/shop/src", commit, "src"),
    }
    projects = dict(home.query("SELECT id, worktree FROM project"))
    assert projects[commit] == f"{new}/shop"
    for name in ("", "/2026", "/gone"):
        assert projects[directory_project_id(f"{old}{name}")] == f"{old}{name}", "another path is another project"
        assert projects[directory_project_id(f"{new}{name}")] == f"{new}{name}"
    assert not [warning for warning in done.json["warnings"] if warning["code"] == "project-stays"]
    assert home.query("PRAGMA foreign_key_check") == []
    if option is None:
        assert {id_: why for id_, why in register.names().items() if id_ != "ses_gone"} == {}

    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
