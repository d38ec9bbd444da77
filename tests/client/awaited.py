"""AsyncClient with the methods of Client, so that one test covers both: it awaits what each of them returns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from migrator.client import AsyncClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from migrator.client import AsyncSessions


class Awaited:
    """`await` and `async for` are all that it adds."""

    def __init__(self, *where: Any, **more: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*where, **more)
        self.session = AwaitedSessions(self, self._client.session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self._client.aclose())
        self._runner.close()

    def wait(self, answer: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await answer

        return self._runner.run(awaited())

    def each(self, rows: AsyncIterator[Any]) -> Iterator[Any]:
        over = object()
        while (row := self.wait(anext(rows, over))) is not over:
            yield row

    def plan(self, **said: Any) -> Any:
        return self.wait(self._client.plan(**said))

    def plan_rescue(self, **said: Any) -> Any:
        return self.wait(self._client.plan_rescue(**said))

    def apply(self, plan: Any, **how: Any) -> Any:
        return self.wait(self._client.apply(plan, **how))

    def runs(self) -> Any:
        return self.wait(self._client.runs())

    def undo(self, run: Any, **how: Any) -> Any:
        return self.wait(self._client.undo(run, **how))


class AwaitedSessions:
    def __init__(self, awaited: Awaited, session: AsyncSessions) -> None:
        self._awaited = awaited
        self._session = session

    def history(self, **said: Any) -> Iterator[Any]:
        return self._awaited.each(self._session.history(**said))

    def orphans(self, *said: Any, **more: Any) -> Iterator[Any]:
        return self._awaited.each(self._session.orphans(*said, **more))

    def migrate(self, *said: Any, **more: Any) -> Any:
        return self._awaited.wait(self._session.migrate(*said, **more))
