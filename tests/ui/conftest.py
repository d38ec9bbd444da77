"""The UI runs in this process, which lives in the home of the test."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home


@pytest.fixture
def at_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """The home of the real sessions, with the repository src/shop; times are shown as in Greenwich."""
    home.repository("shop", "sub/deep")
    for name in os.environ:
        if name.startswith(("XDG_", "OPENCODE", "GIT_")):
            monkeypatch.delenv(name)
    for name, value in home.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.chdir(home.path)
    time.tzset()
    yield home
    monkeypatch.undo()
    time.tzset()
