"""The worlds that tests of several rooms are given, in memory where there is room, without anybody's settings."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.support.git import sub_directory
from tests.support.history import History
from tests.support.home import HOME, Home, build_home
from tests.support.marks import long_round
from tests.support.register import MakeRegister, Register
from tests.support.strategies import DAILY, LONG
from tests.support.surroundings import leave_settings_behind
from tests.support.undo_world import World
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.faults import Steps


def pytest_configure(config: pytest.Config) -> None:
    """Let nobody's settings of git, hg or opencode reach the tests, and keep temporary files in memory."""
    leave_settings_behind()
    settings.load_profile(LONG if _is_long(config) else DAILY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let `-m long` run what `make test` runs a slice of too, and then all of it."""
    if _is_long(config):
        for item in items:
            if isinstance(item, pytest.Function) and (is_hypothesis_test(item.obj) or "steps" in item.fixturenames):
                item.add_marker(pytest.mark.long)


def _is_long(config: pytest.Config) -> bool:
    return bool(config.getoption("markexpr") == "long")


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: tests often wait, for other programs and where needed for the disk."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with the real sessions of 1.18.34: see fixtures/README.md."""
    return build_home(tmp_path / "home", "real-1.18.34")


@pytest.fixture
def steps(pytestconfig: pytest.Config) -> Steps:
    """Count the steps at which something happens to a run: all of them in long rounds, some of them in daily ones."""
    return partial(count, 1, 1 if _is_long(pytestconfig) else 9)


@pytest.fixture
def unprivileged(home: Home) -> Iterator[UnprivilegedHome]:
    """The same home, of a user to whom file permissions apply."""
    yield UnprivilegedHome(home.path, home.environ)
    home.database.parent.chmod(0o755)
    home.database.chmod(0o644)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world without sessions, whose home this process lives in too."""
    world = World(tmp_path / "world")
    for name in HOME:
        monkeypatch.setenv(name, str(world.home.path))
    return world


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A database of 1.18.34 without sessions or projects, and an empty src."""
    return History(build_home(tmp_path / "home", "1.18.34"))


@pytest.fixture
def make_register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRegister:
    """`make_register(fixture)`: an empty register with the schema of that fixture."""

    def make(fixture: str) -> Register:
        home = build_home(tmp_path / "home", fixture)
        monkeypatch.setenv("XDG_DATA_HOME", str(home.path / ".local" / "share"))
        return Register(home, sub_directory(home.path / "at"))

    return make


@pytest.fixture
def register(make_register: MakeRegister) -> Register:
    """An empty register with the newest schema of opencode 1."""
    return make_register("1.18.34")


@pytest.fixture(params=[long_round("v2-run-fresh"), "v2-run-upgraded"])
def register_v2(make_register: MakeRegister, request: pytest.FixtureRequest) -> Register:
    """A database that opencode 2 made, and one that it upgraded: their columns are in different orders."""
    return make_register(request.param)


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Put a git in front of git that takes notes, and return a function that gives those since its last call.

    Each line has three settings that we give to git, then its arguments.
    """
    notes, wrapper = tmp_path / "notes", tmp_path / "bin" / "git"
    notes.touch()
    wrapper.parent.mkdir()
    note = f'echo "$LC_ALL $GIT_OPTIONAL_LOCKS $GIT_NO_LAZY_FETCH $@" >> {notes}'
    wrapper.write_text(f'#!/bin/sh\n{note}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    def _asked() -> list[str]:
        lines = notes.read_text().splitlines()
        notes.write_text("")
        return lines

    return _asked
