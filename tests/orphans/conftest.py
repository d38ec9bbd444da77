"""An empty register or history of the newest schema; nobody's git settings reach these tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.home import build_home
from tests.orphans.history import History
from tests.orphans.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    MakeRegister = Callable[[str], Register]


@pytest.fixture(autouse=True)
def no_git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def make_register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRegister:
    """`make_register(fixture)`: an empty register with the schema of that fixture."""

    def make(fixture: str) -> Register:
        home = build_home(tmp_path / "home", fixture)
        monkeypatch.setenv("XDG_DATA_HOME", str(home.path / ".local" / "share"))
        at = home.path / "at"
        at.mkdir()
        return Register(home, at)

    return make


@pytest.fixture
def register(make_register: MakeRegister) -> Register:
    return make_register("1.18.34")


@pytest.fixture(params=["v2-fresh", "v2-migrated"])
def register_v2(make_register: MakeRegister, request: pytest.FixtureRequest) -> Register:
    """A database that opencode 2 made, and one that it upgraded: their columns are in different orders."""
    return make_register(request.param)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A database of 1.18.34 without sessions or projects, and an empty src."""
    return History(build_home(tmp_path / "home", "1.18.34"))
