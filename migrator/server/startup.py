"""Start a server for one database: open it, listen, write the token file."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, stack_size
from typing import TYPE_CHECKING

from migrator.errors import Interrupted, MigratorError
from migrator.output.kinds import TOKEN
from migrator.output.output_file import OutputFile
from migrator.server import token as tokens
from migrator.server.allowed_hosts import Hosts, Origins, is_loopback
from migrator.server.app import application
from migrator.server.state import AppState
from migrator.server.uvicorn_server import Server, listen
from migrator.state_dir import state_directory

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from starlette.applications import Starlette

    from migrator.server.database_access import DatabaseAccess

STACK_BYTES = 8 << 20
"""Of each thread, as glibc has it. musl gives 128 kB, in which JSON of many levels ended the process (musl 1.2.6)."""

LAST_WORDS_SECONDS = 1.0
"""How long a process that ends without one of its threads has to say why."""


@dataclass(slots=True)
class RunningServer:
    """A server that listens already, and answers once `run` is called.

    `read_only_because` says why no run can write; None if one can.
    """

    url: str
    token: str
    token_file: Path
    local: bool
    read_only_because: str | None
    _socket: socket.socket
    _app: Starlette
    _state: AppState

    def run(self, ready: Callable[[], None]) -> bool:
        """Answer until SIGINT or SIGTERM; return whether that cut off a run, which was rolled back.

        `ready` is called once these are heard.
        """
        stack_size(STACK_BYTES)
        gc.enable()  # the command line turned it off; a server would grow without it
        server = Server(self._app, ready, self._state.jobs.finish)
        try:
            server.run([self._socket])
        finally:
            self._state.jobs.finish()
            self._state.access.close()
            tokens.remove(self.token, self.token_file)
        if server.abandoned:
            end_without(Interrupted.exit_code if self._state.jobs.interrupted else 0)
        return self._state.jobs.interrupted


def end_without(code: int) -> None:
    """Let the process end soon with this exit code, although a thread is in the midst of what may never end."""

    def end() -> None:
        time.sleep(LAST_WORDS_SECONDS)
        os._exit(code)

    Thread(target=end, daemon=True).start()


def prepare(
    access: DatabaseAccess, where: tuple[str, int], token_file: OutputFile | None, origins: Sequence[str]
) -> RunningServer:
    """Open the database, listen at `where` (host and port) and write the token. Raises MigratorError if that fails."""
    allowed = Origins.of(origins)
    state = AppState(access)
    with state.access.history(), state.access.reading() as context:  # raises now if the database can't be read
        because = context.store.schema.read_only_because
    listening = listen(*where)
    address, port = listening.getsockname()[:2]
    token = tokens.make()
    try:
        file = token_file or OutputFile(str(state_directory() / "serve" / f"{port}.token"), TOKEN)
        file.write(token + "\n", access.path)
    except MigratorError:
        listening.close()
        raise
    app = application(state, token, Hosts.of(where[0], address), allowed)
    name = f"[{address}]" if ":" in address else address
    url, token_path = f"http://{name}:{port}", Path(file.name)
    return RunningServer(url, token, token_path, is_loopback(address), because, listening, app, state)
