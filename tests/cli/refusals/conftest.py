"""A home for what is refused: in it MOVE would work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home

if TYPE_CHECKING:
    from pathlib import Path


from tests.support.home import MOVE


@pytest.fixture
def home(home: Home) -> Home:
    """A home in which MOVE would work."""
    home.repository("shop", "sub/deep")
    return home


@pytest.fixture
def saved(home: Home) -> Path:
    file = home.path / "moving.json"
    assert home.run("plan", *MOVE[1:-1], "-o", file).code == 0
    return file
