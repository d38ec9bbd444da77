"""Worlds, and nobody's settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.snapshots.world import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "world/home"))
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "OPENCODE_DB"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world")
