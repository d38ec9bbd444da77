"""An installation of opencode 2: its background service, over HTTP, and its command line.

Written after its source and tried with the preview of its HTTP interface on npm (@opencode-ai/cli-linux-x64 1.18.18),
as far as that has it; whoever has a program of opencode 2 may have to correct it.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.opencode.opencode_1 import OpenCode

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
                if self._info()["pid"] == process.pid:
                    return
            except (OSError, ValueError, RuntimeError, KeyError):
                time.sleep(0.1)
        raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}")

    def _info(self) -> Any:
        """What it says of itself; the preview of August 2026 has another path for that."""
        try:
            return self.call("GET", "/api/info")
        except RuntimeError as error:
            if "HTTP 404" not in str(error):
                raise
            return self.call("GET", "/api/health")

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

    def location(self, directory: Path) -> Any:
        """What it makes of a directory: `directory`, and `project` with `id` and `directory`."""
        return self.call("GET", "/api/location", **{"location[directory]": str(directory)})

    def new_session(self, title: str, directory: Path, **fields: str) -> str:
        body = {"title": title, "location": {"directory": str(directory)}, **fields}
        return str(self.call("POST", "/api/session", body)["data"]["id"])

    def prompt(self, session: str, text: str) -> None:
        """Send a prompt and wait for the end of the turn."""
        self.call("POST", f"/api/session/{session}/prompt", {"text": text})
        self.call("POST", f"/api/session/{session}/wait")

    def messages(self, session: str) -> list[Any]:
        return list(self.call("GET", f"/api/session/{session}/message", order="asc", limit="100")["data"])

    def undo(self, session: str, message: str) -> None:
        """Take a turn back: it and what follows, with their files."""
        self.call("POST", f"/api/session/{session}/revert/stage", {"messageID": message, "files": True})

    def listed_by(self, **query: str) -> set[str]:
        """Session ids of `GET /api/session`, with `directory=`, or `project=` and `subpath=` as its picker asks."""
        return {session["id"] for session in self.call("GET", "/api/session", limit="100", **query)["data"]}

    def listed(self, cwd: Path) -> set[str]:
        """Session ids as `opencode session list` prints them in `cwd`."""
        return set(self.installed.listed(cwd))
