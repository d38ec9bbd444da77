"""A home that this process itself lives in: that of the demo."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from migrator.operations.demo import DemoHome, build
from tests.support.home import HOME

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DemoHome:
    """~ is the demo's home, and the current directory its `src`."""
    for name in [name for name in os.environ if name.startswith(("XDG_", "OPENCODE", "GIT_"))]:
        monkeypatch.delenv(name)
    home = (tmp_path / "home").resolve()
    for name in HOME:
        monkeypatch.setenv(name, str(home))
    home.mkdir()
    built = build(home)
    monkeypatch.chdir(home / "src")
    return built
