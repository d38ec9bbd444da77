from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.home import build_home
from tests.orphans.history import History

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A database of 1.18.34 without sessions or projects, and an empty src."""
    return History(build_home(tmp_path / "home", "1.18.34"))


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's settings change what git does."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
