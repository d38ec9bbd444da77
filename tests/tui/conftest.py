"""The UI runs in this process, which lives in the home of the test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home


LiveIn = Callable[["Home"], None]


NOW_MS = 1_795_953_600_000
"""When the tests take place, in milliseconds: a week after the sessions of the home were made."""


@pytest.fixture
def anyio_backend() -> str:
    """What anyio's plug-in runs the tests with."""
    return "asyncio"


@pytest.fixture
def live_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveIn]:
    """Return a function that lets this process live in a home, in Greenwich."""

    def live(home: Home) -> None:
        for name in os.environ:
            if name.startswith(("XDG_", "OPENCODE", "GIT_")):
                monkeypatch.delenv(name)
        for name, value in ({**home.env(), "TZ": "UTC"}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.chdir(home.path)
        monkeypatch.setattr(time, "time", lambda: NOW_MS / 1000)
        time.tzset()

    yield live
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def at_home(home: Home, live_in: LiveIn) -> Home:
    """The home of the real sessions, with the repository src/shop, in which this process lives."""
    home.repository("shop", "sub/deep")
    live_in(home)
    return home
