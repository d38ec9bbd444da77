"""The client of `opencode-migrator serve`: `Client`, and `AsyncClient` for asyncio; both come with `[client]`.

    from migrator.client import Client

    with Client() as client:  # of a server on this machine; the token is read from the server's file
        for listed in client.session.history(search="flaky"):
            print(listed.session.title)
        plan = client.plan(from_dir="~/src/shop-*", to_dir="~/src/shop")
        run = client.apply(plan, progress=print)
        client.undo(run)

It takes and returns the objects of `migrator`, and raises its errors, as if no server were in between.
"""

from __future__ import annotations

try:
    from migrator.client.async_client import AsyncClient, AsyncSessions
    from migrator.client.client import Client, Sessions
    from migrator.client.errors import Unauthorized, Unreachable
except ModuleNotFoundError as error:
    if error.name not in {"httpx", "httpx_sse"}:
        raise
    from migrator.plugins.extras import missing

    raise ModuleNotFoundError(missing("migrator.client", error, "client"), name=error.name) from None

__all__ = ["AsyncClient", "AsyncSessions", "Client", "Sessions", "Unauthorized", "Unreachable"]
