"""What tests share: a home directory with a database from the fixtures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.home import Home, build_home

if TYPE_CHECKING:
    from pathlib import Path


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a third of the time, tests wait for the disk or for another program."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with the real sessions of 1.18.34: see fixtures/README.md."""
    return build_home(tmp_path / "home", "real-1.18.34")
