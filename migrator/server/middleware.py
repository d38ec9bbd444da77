"""What every request passes first: the check of Host and Origin, of the token and of the size of its body."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from migrator.errors import UNEXPECTED_EXIT, MigratorError
from migrator.face import HTTP, facing
from migrator.server.problems import FORBIDDEN, TOO_LARGE, UNAUTHORIZED, UNEXPECTED, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from migrator.server.allowed_hosts import Hosts, Origins

MAX_BODY_BYTES = 1 << 20
"""How large a body may be, unless its endpoint says otherwise."""


class HostMiddleware:
    """Refuses a Host or Origin that isn't allowed; turns every error into a problem, unexpected ones too."""

    def __init__(self, app: ASGIApp, hosts: Hosts, origins: Origins) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and answer with the problem that it ends in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._check(Headers(scope=scope))
            with facing(HTTP):
                await self._app(scope, receive, note_start)
        except ClientDisconnect:
            return  # there is nobody left to answer, and nothing was begun
        except Exception as error:
            if not started:
                await problem_of(error).response()(scope, receive, send)
            elif problem_of(error).kind is UNEXPECTED:
                raise

    def _check(self, headers: Headers) -> None:
        if not self._hosts.allow(headers.get("host", "")):
            raise Problem(
                FORBIDDEN,
                f"Host {headers.get('host', '')[:80]!r} is no name of this server; ask for 127.0.0.1 or localhost.",
            )
        origin = headers.get("origin")
        if not self._origins.allow(origin):
            raise Problem(
                FORBIDDEN, f"Web pages of {str(origin)[:80]!r} may not ask; `serve --allow-origin ORIGIN` lets them."
            )


def problem_of(error: Exception) -> Problem:
    """Return the problem for any error; the traceback of an unexpected one goes into a crash log."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, MigratorError):
        return Problem.of(error)
    from migrator.operations.crash_log import write_crash_log

    return Problem(UNEXPECTED, write_crash_log(), exit_code=UNEXPECTED_EXIT)


class AuthMiddleware:
    """Requires the token, except on open paths, and limits the size of bodies."""

    def __init__(self, app: ASGIApp, token: str, open_paths: Collection[str], body_limits: Mapping[str, int]) -> None:
        self._app = app
        self._token = token.encode()
        self._open = frozenset(open_paths)
        self._body_limits = body_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that has the token; raise Problem once its body is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            limit = self._check(scope, Headers(scope=scope))
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        left = limit

        async def receive_counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _too_large(limit)
            return message

        await self._app(scope, receive_counted, send)

    def _check(self, scope: Scope, headers: Headers) -> int:
        """Return how large the body may be. Raises Problem without the token, or for a body that is declared larger."""
        if not (scope["path"] in self._open and scope["method"] in {"GET", "HEAD"}):
            self._check_token(headers.get("authorization", ""))
        limit = self._body_limits.get(scope["path"], MAX_BODY_BYTES)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise _too_large(limit)
        return limit

    def _check_token(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token):
            return
        what = "The token is wrong" if header else "There is no token"
        raise Problem(
            UNAUTHORIZED,
            f"{what}; send `Authorization: Bearer TOKEN` with what `serve` printed and wrote to its token file.",
            {"WWW-Authenticate": 'Bearer realm="opencode-migrator"'},
        )


def _too_large(limit: int) -> Problem:
    return Problem(TOO_LARGE, f"The body is larger than {limit:,} bytes.", {"Connection": "close"})
