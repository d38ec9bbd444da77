"""One opencode installation: a home of its own, a fake model, and the three ways in (HTTP, command line, database)."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 120
_CALL_SECONDS = 120
_STOP_SECONDS = 10
_NOWHERE = "http://127.0.0.1:9/"
"""A registry that is not there: opencode would fetch a plugin library into each home and wait for it when it ends."""
_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")


class HttpError(Exception):
    """opencode answered, but not with success."""

    def __init__(self, status: int, answer: str) -> None:
        super().__init__(f"HTTP {status}: {answer[:500]}")
        self.status = status


@dataclass
class OpenCode:
    """The real binary with everything it reads and writes below `home`."""

    binary: Path
    home: Path
    model_url: str
    _port: int | None = None

    def __post_init__(self) -> None:
        for name in (".local/share", ".local/state", ".cache", ".config/opencode"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self._no_models.write_text("{}")
        (self.home / ".config/opencode/opencode.json").write_text(json.dumps(_config(self.model_url, self.database)))

    @property
    def data(self) -> Path:
        """opencode's data directory."""
        return self.home / ".local/share/opencode"

    @property
    def database(self) -> Path:
        """The database that every version under test uses."""
        return self.data / "opencode.db"

    @property
    def _no_models(self) -> Path:
        """Models that opencode knows by itself: none. It would go through thousands of them in each directory."""
        return self.home / ".cache/models.json"

    def environment(self, cwd: Path) -> dict[str, str]:
        """The environment of a user who lives in this home. opencode trusts $PWD, so it must be right."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OPENCODE", "XDG_", "GIT_"))}
        return inherited | {
            "HOME": str(self.home),
            "PWD": str(cwd),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_MODELS_PATH": str(self._no_models),
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "npm_config_registry": _NOWHERE,
            "npm_config_fetch_retries": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@example.com",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def run_cli(self, *arguments: str, cwd: Path) -> str:
        """Standard output of `opencode ARGUMENTS`; raises on any other exit code than 0.

        Into a file, since opencode can end before a pipe has taken all of a long output.
        """
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            command = [str(self.binary), *arguments]
            with _started(command, cwd=cwd, env=self.environment(cwd), stdout=out, stderr=err) as process:
                code = process.wait(_CALL_SECONDS)
            out.seek(0)
            err.seek(0)
            if code:
                raise RuntimeError(f"opencode {' '.join(arguments)} ended with {code}: {err.read()[-2000:]}")
            return out.read()

    def listed(self, cwd: Path) -> list[str]:
        """Session ids as `opencode session list` prints them in `cwd`, in its order."""
        output = self.run_cli("session", "list", "--format", "json", cwd=cwd)
        return [session["id"] for session in json.loads(output)] if output.strip() else []

    def listed_in(self, directory: Path) -> set[str]:
        """Session ids that `GET /session?directory=` gives: what the desktop and web lists ask for."""
        return {session["id"] for session in self.call("GET", "/session", directory=directory)}

    def listed_under(self, directory: Path, path: str) -> set[str]:
        """Session ids that the terminal UI shows in `directory`, which is `path` seen from the top of its checkout."""
        return {session["id"] for session in self.call("GET", "/session", directory=directory, path=path)}

    def children(self, session: str) -> set[str]:
        """Ids of the direct children."""
        return {child["id"] for child in self.call("GET", f"/session/{session}/children")}

    def conversation(self, session: str) -> Any:
        """All messages with their parts."""
        return self.call("GET", f"/session/{session}/message")

    def turns(self, session: str) -> list[str]:
        """Ids of the user's messages, oldest first."""
        return [m["info"]["id"] for m in self.conversation(session) if m["info"]["role"] == "user"]

    def exported(self, session: str, cwd: Path) -> Any:
        """The document that `opencode export` writes."""
        return json.loads(self.run_cli("export", session, cwd=cwd))

    @contextmanager
    def serve(self, cwd: Path) -> Iterator[int]:
        """`opencode serve` in `cwd`, ready to be called; gives its pid. Nothing of it is left after the block."""
        with tempfile.TemporaryFile("w+") as log:
            command = [str(self.binary), "serve", "--port", "0", "--hostname", "127.0.0.1"]
            with _started(command, cwd=cwd, env=self.environment(cwd), stdout=log, stderr=log) as process:
                self._port = _wait_for_port(process, Path(f"/proc/self/fd/{log.fileno()}"))
                try:
                    yield process.pid
                finally:
                    self._port = None

    def call(self, method: str, path: str, /, body: Any = None, directory: Path | None = None, **query: str) -> Any:
        """One request to the running server; the answer's JSON. `directory` goes along as `?directory=`."""
        assert self._port is not None, "call() works inside serve()"
        if directory is not None:
            query["directory"] = str(directory)
        url = path + ("?" + urlencode(query, quote_via=quote) if query else "")
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_CALL_SECONDS)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, url, payload, {"content-type": "application/json"})
            response = connection.getresponse()
            answer = response.read().decode()
        finally:
            connection.close()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise HttpError(response.status, answer)
        return json.loads(answer) if answer else None

    def new_session(self, title: str, directory: Path, **fields: Any) -> str:
        """Create a session, e.g. with `parentID=`; gives its id."""
        answer = self.call("POST", "/session", {"title": title, **fields}, directory)
        return str(answer["id"])

    def prompt(self, session: str, text: str, directory: Path) -> str:
        """Send a prompt and wait for the end of the turn; gives the id of the user's message (see `revert`)."""
        answer = self.call(
            "POST", f"/session/{session}/message", {"parts": [{"type": "text", "text": text}]}, directory
        )
        error = answer["info"].get("error")
        assert error is None, error
        return str(answer["info"]["parentID"])

    def revert(self, session: str, message: str, directory: Path) -> Any:
        """Undo in opencode: back to before `message`."""
        return self.call("POST", f"/session/{session}/revert", {"messageID": message}, directory)

    def unrevert(self, session: str, directory: Path) -> Any:
        """Redo in opencode."""
        return self.call("POST", f"/session/{session}/unrevert", {}, directory)


def _config(model_url: str, database: Path) -> dict[str, Any]:
    model = {"name": "Fake 1", "tool_call": True, "limit": {"context": 100000, "output": 4000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Fake",
        "options": {"baseURL": model_url, "apiKey": str(database)},
        "models": {"fake-1": model},
    }
    return {
        "autoupdate": False,
        "share": "manual",
        "model": "fake/fake-1",
        "small_model": "fake/fake-1",
        "enabled_providers": ["fake"],
        "permission": {"*": "allow"},
        "provider": {"fake": provider},
    }


@contextmanager
def _started(command: list[str], *, env: dict[str, str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own; the whole group is gone after the block, whatever happened in it.

    So is what it unpacked: each opencode leaves a library of 5 MB in TMPDIR.
    """
    with (
        tempfile.TemporaryDirectory() as scratch,
        subprocess.Popen(
            command, env=env | {"TMPDIR": scratch}, stdin=subprocess.DEVNULL, start_new_session=True, **options
        ) as process,
    ):
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    with suppress(ProcessLookupError):  # raised when no helper of opencode outlived it
        os.killpg(process.pid, signal.SIGKILL)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port that opencode says it listens on, as soon as it says so."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if match := _LISTENING.search(log.read_text()):
            return int(match[1])
        time.sleep(0.05)
    raise RuntimeError(f"opencode serve did not start: {log.read_text()[-2000:]}")
