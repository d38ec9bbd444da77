"""A real server in a process of its own, asked over loopback."""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.support.forked import PATIENCE_SECONDS, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.home import Home


@dataclass
class Served:
    """A server that answers. `ask` has its token, as clients have."""

    home: Home
    process: Running
    url: str
    token: str
    token_file: Path
    ask: httpx.Client

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of an answer that must be 200."""
        answer = self.ask.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.ask.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, status: int, code: str, **more: Any) -> str:
        """Ask for what must be refused; return the sentence."""
        answer = self.ask.request(method, path, **more)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), problem
        assert isinstance(problem["detail"], str)
        return problem["detail"]

    def pages(self, **params: Any) -> list[list[dict[str, Any]]]:
        """Page through the history to its end."""
        found = []
        while True:
            answer = self.ask.get("/session/history", params=params)
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
            if "x-next-cursor" not in answer.headers:
                return found
            params["cursor"] = answer.headers["x-next-cursor"]

    def wait_until_it_stops(self) -> None:
        """Wait until it takes no new clients, after which each chunk of a run asks whether to go on."""

        def is_closed() -> bool:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                return True
            return False

        self.process.wait_until(is_closed)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit code and what is on standard error."""
        self.process.send_signal(number)
        return self.process.wait(), self.process.stderr


@contextmanager
def serving(
    home: Home, *words: str | Path, url: str | None = None, first: Callable[[], object] | None = None
) -> Iterator[Served]:
    """Serve a home's database at a free port."""
    with Running(["serve", "--port", "0", *words], home.env(), home.path, first=first) as process:
        process.wait_until(lambda: process.stdout.count("\n") >= 2)
        told, second = process.stdout.splitlines()[:2]
        address = told.split()[-1]
        token, file = second.removeprefix("Token: ").rstrip(")").split(" (also in ")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url or address, headers=headers, timeout=PATIENCE_SECONDS) as ask:
            yield Served(home, process, address, token, Path(file), ask)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert "Traceback" not in process.stderr, process.stderr
