"""What tests of the client share: each runs with both clients, against a real server in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.client import Client
from tests.client.awaited import Awaited
from tests.server.served import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.home import Home


@pytest.fixture
def served(home: Home) -> Iterator[Served]:
    """A server of a home of its own, with the real sessions of 1.18.34 and a repository to move them to."""
    home.repository("shop")
    with serving(home) as found:
        yield found


@pytest.fixture(params=["waiting", "asyncio"])
def client(request: pytest.FixtureRequest, served: Served) -> Iterator[Client | Awaited]:
    kind = Client if request.param == "waiting" else Awaited
    with kind(served.url, served.token) as found:
        yield found
