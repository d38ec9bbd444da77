"""What tests of the client share: a real server in a process of its own, and clients of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.client import Client
from tests.client.awaited import Awaited
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home


@pytest.fixture
def served(home: Home) -> Iterator[Served]:
    """A server of a home of its own, with the real sessions of 1.18.34 and a repository to move them to."""
    home.repository("shop")
    with serving(home) as found:
        yield found


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """What is told of calls and answers is told once: both clients share it."""
    with Client(served.url, served.token) as found:
        yield found


@pytest.fixture(params=["waiting", "asyncio"])
def either(request: pytest.FixtureRequest, served: Served) -> Iterator[Client | Awaited]:
    """Each of the clients in turn, for what differs: sending, pages, events."""
    kind = Client if request.param == "waiting" else Awaited
    with kind(served.url, served.token) as found:
        yield found
