"""What tests of the server share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home, build_home
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def served(home: Home) -> Iterator[Served]:
    """A server of a home of its own, with the real sessions of 1.18.34."""
    with serving(home) as found:
        yield found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all tests of a file that write nothing."""
    with serving(build_home(tmp_path_factory.mktemp("reader") / "home", "real-1.18.34")) as found:
        yield found
