"""Sending calls, and waiting for their answers: all in which the two clients differ."""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from httpx_sse import EventSource

from migrator.client.errors import explained, refusal, streams
from migrator.client.events import EVENTS, Ending

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping

    from httpx_sse import ServerSentEvent

    from migrator.client.events import Progress
    from migrator.client.requests import Call, HttpRequest, Pages
    from migrator.model import Run

T = TypeVar("T")


class Transport:
    """Sends and waits."""

    def __init__(self, url: str, settings: Mapping[str, Any]) -> None:
        self._url = url
        self.http = httpx.Client(**settings)

    def send(self, call: Call[T]) -> T:
        """Return the answer to one call."""
        with explained(self._url, call):
            response = self.http.request(call.method, call.path, params=call.params, json=call.body)
        return call.answer(response)

    def each(self, pages: Pages[T]) -> Iterator[T]:
        """Yield what is on every page, each asked for when it is needed."""
        while call := pages.call():
            yield from pages.took(self.send(call))

    def follow(self, request: HttpRequest, progress: Progress | None) -> Run:
        """Return how a run ended; `progress` is told how far it is."""
        ending = Ending(progress)
        with closing(self._events(request)) as events:
            for event in events:
                ending.took(event)
        return ending.outcome(self._url)

    def _events(self, request: HttpRequest) -> Generator[ServerSentEvent, None, None]:
        sending = self.http.stream(request.method, request.path, json=request.body, headers=EVENTS)
        with explained(self._url, request), sending as response:
            if not streams(response):
                response.read()
                raise refusal(response)
            yield from EventSource(response).iter_sse()


class AsyncTransport:
    """Sends, and lets others work until the answer is there."""

    def __init__(self, url: str, settings: Mapping[str, Any]) -> None:
        self._url = url
        self.http = httpx.AsyncClient(**settings)

    async def send(self, call: Call[T]) -> T:
        """Return the answer to one call."""
        with explained(self._url, call):
            response = await self.http.request(call.method, call.path, params=call.params, json=call.body)
        return call.answer(response)

    async def each(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Yield what is on every page, each asked for when it is needed."""
        while call := pages.call():
            for row in pages.took(await self.send(call)):
                yield row

    async def follow(self, request: HttpRequest, progress: Progress | None) -> Run:
        """Return how a run ended; `progress` is told how far it is."""
        ending = Ending(progress)
        async with aclosing(self._events(request)) as events:
            async for event in events:
                ending.took(event)
        return ending.outcome(self._url)

    async def _events(self, request: HttpRequest) -> AsyncGenerator[ServerSentEvent, None]:
        sending = self.http.stream(request.method, request.path, json=request.body, headers=EVENTS)
        with explained(self._url, request):
            async with sending as response:
                if not streams(response):
                    await response.aread()
                    raise refusal(response)
                async for event in EventSource(response).aiter_sse():
                    yield event
