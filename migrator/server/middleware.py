"""What stands before every handler: the names a request may use, the token, the size of bodies, the last line."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from migrator.errors import MigratorError
from migrator.server.problems import FORBIDDEN, TOO_LARGE, UNAUTHORIZED, UNEXPECTED, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from migrator.server.allowed_hosts import Hosts, Origins

BODY = 1 << 20
"""Bytes that a body may have where nothing else is said: a mebibyte."""


class HostMiddleware:
    """Refuses whoever may not ask; turns every error into a problem, also those that nobody expected."""

    def __init__(self, app: ASGIApp, hosts: Hosts, origins: Origins) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let somebody else answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watching(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            self._check(Headers(scope=scope))
            await self._app(scope, receive, watching)
        except ClientDisconnect:
            return  # nobody is left to be answered, and nothing was begun
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
    """Return what to answer for any error; the traceback of one that nobody expected is written down."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, MigratorError):
        return Problem.of(error)
    from migrator.operations.crash_log import write_crash_log

    return Problem(UNEXPECTED, write_crash_log(), exit_code=70)


class AuthMiddleware:
    """Asks for the token but on open paths, and counts the bytes of bodies."""

    def __init__(self, app: ASGIApp, token: str, open_paths: Collection[str], bodies: Mapping[str, int]) -> None:
        self._app = app
        self._token = token.encode()
        self._open = frozenset(open_paths)
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through that has the token, and as much of its body as it may have."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            most = self._check(scope, Headers(scope=scope))
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        left = most

        async def counting() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _too_large(most)
            return message

        await self._app(scope, counting, send)

    def _check(self, scope: Scope, headers: Headers) -> int:
        """Return how many bytes the body may have."""
        if not (scope["path"] in self._open and scope["method"] in {"GET", "HEAD"}):
            self._check_token(headers.get("authorization", ""))
        most = self._bodies.get(scope["path"], BODY)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        return most

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


def _too_large(most: int) -> Problem:
    return Problem(TOO_LARGE, f"The body is larger than {most:,} bytes.", {"Connection": "close"})
