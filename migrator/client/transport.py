"""Sending requests and waiting for the answers: the only thing in which the two clients differ."""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from httpx_sse import EventSource

from migrator.client.errors import is_event_stream, refusal, translate_errors
from migrator.client.events import EVENTS, RunEvents

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping

    from httpx_sse import ServerSentEvent

    from migrator.client.events import Progress
    from migrator.client.requests import Call, HttpRequest, Pages
    from migrator.model import Run

T = TypeVar("T")


class Transport:
    """Sends requests, and blocks until the answer is there."""

    def __init__(self, url: str, settings: Mapping[str, Any]) -> None:
        self._url = url
        self.http = httpx.Client(**settings)

    def send(self, call: Call[T]) -> T:
        """Return the answer to one call."""
        with translate_errors(self._url, writes=call.writes):
            response = self.http.request(call.method, call.path, params=call.params, json=call.body)
        return call.answer(response)

    def rows(self, pages: Pages[T]) -> Iterator[T]:
        """Yield the rows of every page; a page is requested when it is needed."""
        while call := pages.next_call():
            yield from pages.consume(self.send(call))

    def wait_for_run(self, request: HttpRequest, progress: Progress | None) -> Run:
        """Return the run once it has ended; `progress` is called with how far it is."""
        read = RunEvents(progress)
        with closing(self._events(request)) as events:
            for event in events:
                read.consume(event)
        return read.result(self._url)

    def _events(self, request: HttpRequest) -> Generator[ServerSentEvent, None, None]:
        stream = self.http.stream(request.method, request.path, json=request.body, headers=EVENTS)
        with translate_errors(self._url, writes=request.writes), stream as response:
            if not is_event_stream(response):
                response.read()
                raise refusal(response)
            yield from EventSource(response).iter_sse()


class AsyncTransport:
    """Sends requests, and awaits the answer."""

    def __init__(self, url: str, settings: Mapping[str, Any]) -> None:
        self._url = url
        self.http = httpx.AsyncClient(**settings)

    async def send(self, call: Call[T]) -> T:
        """Return the answer to one call."""
        with translate_errors(self._url, writes=call.writes):
            response = await self.http.request(call.method, call.path, params=call.params, json=call.body)
        return call.answer(response)

    async def rows(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Yield the rows of every page; a page is requested when it is needed."""
        while call := pages.next_call():
            for row in pages.consume(await self.send(call)):
                yield row

    async def wait_for_run(self, request: HttpRequest, progress: Progress | None) -> Run:
        """Return the run once it has ended; `progress` is called with how far it is."""
        read = RunEvents(progress)
        async with aclosing(self._events(request)) as events:
            async for event in events:
                read.consume(event)
        return read.result(self._url)

    async def _events(self, request: HttpRequest) -> AsyncGenerator[ServerSentEvent, None]:
        stream = self.http.stream(request.method, request.path, json=request.body, headers=EVENTS)
        with translate_errors(self._url, writes=request.writes):
            async with stream as response:
                if not is_event_stream(response):
                    await response.aread()
                    raise refusal(response)
                async for event in EventSource(response).aiter_sse():
                    yield event
