"""A real server in a process of its own, asked over loopback."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home


@dataclass
class Served:
    """A server that answers. `ask` has its token, as clients have."""

    home: Home
    process: subprocess.Popen[str]
    url: str
    token: str
    token_file: Path
    warnings: IO[str]
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

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit code and what was said on standard error."""
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.warnings.seek(0)
        return code, self.warnings.read()


@contextmanager
def serving(home: Home, *words: str | Path, cwd: Path | None = None, url: str | None = None) -> Iterator[Served]:
    """Serve a home's database at a free port."""
    errors = home.path / "serve.err"
    with errors.open("w+") as warnings:
        process = subprocess.Popen(
            home.command("serve", "--port", "0", *words),
            cwd=cwd or home.path,
            env=dict(home.env()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=warnings,
            text=True,
        )
        assert process.stdout is not None
        try:
            first, second = process.stdout.readline(), process.stdout.readline()
            assert second, errors.read_text()
            said = first.split()[-1]
            token, file = second.removeprefix("Token: ").rstrip(")\n").split(" (also in ")
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=url or said, headers=headers, timeout=30) as ask:
                yield Served(home, process, said, token, Path(file), warnings, ask)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        assert "Traceback" not in errors.read_text(), errors.read_text()
