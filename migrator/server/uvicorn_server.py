"""Listen, answer, and stop cleanly: a run that is being carried out is rolled back before the server ends."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.concurrency import run_in_threadpool

from migrator.errors import BadInput, MigratorError
from migrator.store.signals import ending_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from starlette.applications import Starlette

SHUTDOWN_SECONDS = 5
"""How long clients have to read their answers once the server stops."""

KEEP_ALIVE_SECONDS = 60
"""How long a connection may be idle: long enough that none is closed between two pages."""

BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """Listen at `host`, a name or an address. Raises MigratorError if that fails."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise BadInput(f"No host has the name or address {host}; name one of this machine with --host.") from None
    # Named as TCP, or asyncio doesn't turn Nagle's algorithm off, and every answer waits 40 ms for its second half.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows, SO_REUSEADDR would let another program listen at our address too.
        alone = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listening.setsockopt(socket.SOL_SOCKET, alone, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise MigratorError(f"Port {port} of {host} is taken; name another with --port, or 0 for any.") from error
        raise MigratorError(f"Nothing can listen at {host} port {port}: {error.strerror}.") from error
    return listening


class Server(uvicorn.Server):
    """uvicorn's server, except for signals: SIGINT, SIGTERM and SIGHUP stop the server, and don't end the process."""

    def __init__(self, app: Starlette, ready: Callable[[], None], finish: Callable[[], None]) -> None:
        """`ready` is called once signals stop the server: whoever is told that it is there may stop it.

        `finish` interrupts the run that is being carried out, and waits for its end.
        """
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._ready, self._finish = ready, finish
        self.abandoned = False
        """Whether some requests weren't answered before the server stopped; what they do goes on in their threads."""
        # uvicorn would log every malformed request, and a traceback for each client that is cut off at the end. What
        # goes wrong in a handler is logged by HostMiddleware.
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs; unlike uvicorn's own method, don't raise them again at the end."""
        before = {number: signal.signal(number, self.handle_exit) for number in ending_signals()}
        try:
            self._ready()
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to shut down."""
        del sig, frame
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new requests, end the run that is being carried out, answer, and close."""
        for server in self.servers:
            server.close()
        await run_in_threadpool(self._finish)
        await super().shutdown(sockets)
        self.abandoned = bool(self.server_state.tasks)
