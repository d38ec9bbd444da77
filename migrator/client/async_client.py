"""The client for asyncio: the methods of `Client`, to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from migrator.client import requests
from migrator.client.http_settings import TIMEOUT_SECONDS, URL, http_settings
from migrator.client.transport import AsyncTransport

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator
    from typing import Unpack

    from migrator.arguments import (
        ConsolidateKeywords,
        Folders,
        ListKeywords,
        MergeKeywords,
        MoveKeywords,
        RelocateKeywords,
        RescueKeywords,
        WriteKeywords,
    )
    from migrator.client.events import Progress
    from migrator.model import Listed, LoggedRun, Orphan, Plan, Run, Session


class AsyncClient:
    """`Client` for asyncio; use it in an `async with`, or await `aclose` when done."""

    def __init__(
        self,
        url: str = URL,
        token: str | None = None,
        *,
        token_file: str | os.PathLike[str] | None = None,
        timeout: float | None = TIMEOUT_SECONDS,
    ) -> None:
        self._transport = AsyncTransport(url, http_settings(url, token, token_file, timeout))
        self.session = AsyncSessions(self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.http.aclose()

    async def plan(self, **keywords: Unpack[MoveKeywords]) -> Plan:
        """Plan to move sessions, as `Client.plan` does."""
        return await self._transport.send(requests.plan(**keywords))

    async def plan_rescue(self, **keywords: Unpack[RescueKeywords]) -> Plan:
        """Plan to bring lost sessions home, as `Client.plan_rescue` does."""
        return await self._transport.send(requests.plan_rescue(**keywords))

    async def plan_relocate(self, folders: Folders, **keywords: Unpack[RelocateKeywords]) -> Plan:
        """Plan to follow folders, as `Client.plan_relocate` does."""
        return await self._transport.send(requests.plan_relocate(folders, **keywords))

    async def plan_consolidate(
        self, repository: str | os.PathLike[str] = ".", **keywords: Unpack[ConsolidateKeywords]
    ) -> Plan:
        """Plan to gather the sessions of workspaces, as `Client.plan_consolidate` does."""
        return await self._transport.send(requests.plan_consolidate(repository, **keywords))

    async def plan_merge(self, other: str | os.PathLike[str] | None = None, **keywords: Unpack[MergeKeywords]) -> Plan:
        """Plan to bring in sessions of another database, as `Client.plan_merge` does."""
        return await self._transport.send(requests.plan_merge(other, **keywords))

    async def apply(self, plan: Plan, *, progress: Progress | None = None, **options: Unpack[WriteKeywords]) -> Run:
        """Carry out a plan, as `Client.apply` does. When it is cancelled, the server still finishes the run."""
        return await self._transport.wait_for_run(requests.apply(plan, **options), progress)

    async def runs(self) -> tuple[LoggedRun, ...]:
        """Return the runs on this database so far, newest first."""
        return await self._transport.send(requests.runs())

    async def undo(
        self, run: Run | LoggedRun | str, *, progress: Progress | None = None, **options: Unpack[WriteKeywords]
    ) -> Run:
        """Take a run back, as `Client.undo` does."""
        return await self._transport.wait_for_run(requests.undo(run, **options), progress)


class AsyncSessions:
    """`client.session`: opencode's session history proposal."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def history(self, **keywords: Unpack[ListKeywords]) -> AsyncIterator[Listed]:
        """Iterate over the sessions of every project, as `Client.session.history` does."""
        return self._transport.rows(requests.history(**keywords))

    def orphans(
        self, rule: str | None = None, *, archived: bool = False, limit: int | None = None
    ) -> AsyncIterator[Orphan]:
        """Iterate over lost sessions, as `Client.session.orphans` does."""
        return self._transport.rows(requests.orphans(rule, limit, archived=archived))

    async def migrate(
        self, session: str, directory: str | os.PathLike[str] | None = None, *, project: str | None = None
    ) -> Session:
        """Move one session, as `Client.session.migrate` does."""
        return await self._transport.send(requests.migrate(session, directory, project))
