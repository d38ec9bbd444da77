"""To opencode 2 a secondary jj workspace is a project of its own, and so is each directory in it: they come home."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.home import build_home
from tests.orphans.register import Register
from tests.places.jj_trees import JjRepository
from tests.places.repositories import root_commit, sub_directory

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["v2-fresh", "v2-migrated"])
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Register:
    """Workspaces that are there, with a session below its top, renamed and gone; and a folder that looks like one."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    home = build_home(tmp_path / "home", request.param)
    shop = JjRepository(home.repository("shop", "src"), "relative", "colocated").build()
    register = Register(home, home.src)
    register.add("ses_main", home.src / "shop")
    for name in ("search", "was", "gone"):
        register.add(f"ses_{name}", shop.add(home.src / f"shop-{name}", name))
    register.add("ses_deep", sub_directory(home.src / "shop-search" / "src"))
    register.add("ses_notes", sub_directory(home.src / "shop-notes"))
    (home.src / "shop-was").rename(home.src / "shop-is")
    shutil.rmtree(home.src / "shop-gone")
    return register


def test_all_sessions_of_its_workspaces_move_and_come_back(register: Register) -> None:
    home = register.home
    before = home.everything()
    counted = {row["name"]: row["sessions"] for row in home.run("workspaces", home.src / "shop", "--json").json}
    assert counted == {"default": 1, "search": 2, "was": 1, "gone": 1}

    done = home.run("consolidate", home.src / "shop", "--yes", "--json")

    assert done.code == 0, done.stderr
    rows = home.query(f"SELECT id, directory, project_id, path FROM {register.table}")
    where = {id_: (directory.removeprefix(f"{home.src}/"), project, path) for id_, directory, project, path in rows}
    commit = root_commit(home.src / "shop")
    notes = where.pop("ses_notes")
    assert notes[0] == "shop-notes"
    assert where.pop("ses_deep") == ("shop/src", commit, "src")
    assert set(where.values()) == {("shop", commit, "")}
    assert register.found() == {}
    assert home.run("undo", "--yes").code == 0
    assert home.everything() == before
