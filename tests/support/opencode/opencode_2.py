"""An installation of opencode 2: its background service, over HTTP, and its command line.

Written after its source, and tried with the programs that docs/tested-versions.md names.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import time
from base64 import b64encode
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

BINARY = os.environ.get("OPENCODE_MIGRATOR_V2_BINARY", "")
needs_program = pytest.mark.skipif(not BINARY, reason="$OPENCODE_MIGRATOR_V2_BINARY names no program of opencode 2")

_SECONDS = 60


@dataclass
class OpenCode2:
    """`installed` has its home, its environment and its settings, which both opencodes understand."""

    installed: OpenCode

    @property
    def registration(self) -> Path:
        return self.installed.home / ".local/state/opencode/service.json"

    @contextmanager
    def service(self, cwd: Path) -> Iterator[int]:
        """The background service, ready to be called; gives its pid. It is gone after the block."""
        command = [str(self.installed.binary), "serve", "--service"]
        log = self.installed.home / "service.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                command, cwd=cwd, env=self.installed.environment(cwd), stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
            try:
                self._wait(process, log)
                yield process.pid
            finally:
                process.terminate()
                process.wait(_SECONDS)

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if self.call_first("GET /api/info", "GET /api/health")["pid"] == process.pid:
                    return
            except (OSError, ValueError, RuntimeError, KeyError):
                time.sleep(0.1)
        raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}")

    def call(self, method: str, path: str, /, body: Any = None, **query: str) -> Any:
        """One request to the service as it has registered; the answer's JSON."""
        said = json.loads(self.registration.read_text())
        address = urlsplit(said["url"])
        headers = {
            "authorization": "Basic " + b64encode(f"opencode:{said['password']}".encode()).decode(),
            "content-type": "application/json",
        }
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_SECONDS)
        try:
            url = path + ("?" + urlencode(query, quote_via=quote) if query else "")
            connection.request(method, url, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            answer = response.read().decode()
        finally:
            connection.close()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: HTTP {response.status}: {answer[:500]}")
        return json.loads(answer) if answer else None

    def call_first(self, *routes: str) -> Any:
        """The first of these routes that it has, the last of which is that of the preview of August 2026."""
        for route in routes[:-1]:
            try:
                return self.call(*route.split(" "))
            except RuntimeError as error:
                if "HTTP 404" not in str(error):
                    raise
        return self.call(*routes[-1].split(" "))

    def location(self, directory: Path) -> Any:
        """What it makes of a directory: `directory`, and `project` with `id` and `directory`."""
        return self.call("GET", "/api/location", **{"location[directory]": str(directory)})

    def new_session(self, title: str, directory: Path, parent: str | None = None) -> str:
        """Begin a session; only a tool of its own begins one of a subagent, so `parent` is written by us."""
        body = {"title": title, "location": {"directory": str(directory)}}
        session = str(self.call("POST", "/api/session", body)["data"]["id"])
        if parent is not None:
            with closing(sqlite3.connect(self.installed.database)) as db, db:
                db.execute("UPDATE session_v2 SET parent_id = ? WHERE id = ?", [parent, session])
        return session

    def prompt(self, session: str, text: str) -> None:
        """Send a prompt and wait for the end of the turn."""
        self.call("POST", f"/api/session/{session}/prompt", {"text": text})
        self.call_first(f"POST /api/experimental/session/{session}/wait", f"POST /api/session/{session}/wait")

    def messages(self, session: str) -> list[Any]:
        return list(self.call("GET", f"/api/session/{session}/message", order="asc", limit="100")["data"])

    def undo(self, session: str, message: str) -> None:
        """Take a turn back: it and what follows, with their files."""
        self.call("POST", f"/api/session/{session}/revert/stage", {"messageID": message, "files": True})

    def take_undo_back(self, session: str) -> None:
        """Bring the turns back that were undone, with their files."""
        self.call_first(f"DELETE /api/session/{session}/revert", f"POST /api/session/{session}/revert/clear")

    def listed_by(self, **query: str) -> set[str]:
        """Session ids of `GET /api/session`, with `directory=`, or `project=` and `subpath=` as its picker asks."""
        return {session["id"] for session in self.call("GET", "/api/session", limit="100", **query)["data"]}

    def listed(self, cwd: Path) -> set[str]:
        """Session ids as `opencode session list` prints them in `cwd`."""
        return set(self.installed.listed(cwd))
