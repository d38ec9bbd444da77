"""Fifty clients page through the history while everything is moved, and moved back.

Each sees every session exactly once, as it was or as it is: never both, never a half-written row.
"""

from __future__ import annotations

import http.client
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.crowded_home import crowded_home
from tests.support.git import root_commit
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = 50
SESSIONS = 6000
PAGE = 250

# What a page is looked at for: the binding of each session, whole.
ROW = re.compile(rb'"id":"(ses_[^"]+)","slug":"[^"]*","projectID":"([^"]+)","directory":"([^"]+)".*?"path":"([^"]*)"')


@dataclass
class Client(threading.Thread):
    """Pages through the history over and over until it is told to stop, and to the end then."""

    served: Served
    stop: threading.Event
    rounds: list[dict[bytes, tuple[bytes, ...]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        while not self.failed:
            seen: dict[bytes, tuple[bytes, ...]] = {}
            cursor = ""
            while True:
                path = f"/session/history?limit={PAGE}&cursor={cursor}"
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.served.token}"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    self.failed.append(body.decode())
                    return
                for id_, *bound in ROW.findall(body):
                    if id_ in seen:
                        self.failed.append(f"{id_!r} twice")
                    seen[id_] = tuple(bound)
                cursor = answer.headers["x-next-cursor"]
                if cursor is None:
                    break
            self.rounds.append(seen)
            if self.stop.is_set():
                break
        connection.close()


@pytest.mark.long
def test_fifty_clients_see_each_session_once(tmp_path: Path) -> None:
    home = crowded_home(tmp_path / "home", SESSIONS)
    home.repository("all")
    old = [row.encode() for row in home.query("SELECT project_id, directory FROM session WHERE id = 'ses_000000'")[0]]
    new = [root_commit(home.src / "all").encode(), str(home.src / "all").encode()]
    everybody = {id_.encode() for (id_,) in home.query("SELECT id FROM session")}
    stop = threading.Event()
    with serving(home) as served:
        clients = [Client(served, stop) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        plan = served.post("/plan", {"fromDir": ["~/src/repoA"], "toDir": str(home.src / "all")})
        for _ in range(2):
            run = served.post("/apply", {"plan": plan["digest"], "chunkSize": 100})
            back = served.post(f"/runs/{run['run']}/undo")
            assert (run["status"], back["status"]) == ("applied", "applied")
        stop.set()
        for client in clients:
            client.join()
    assert [client.failed for client in clients] == [[]] * CLIENTS
    mixed = 0
    for seen in [seen for client in clients for seen in client.rounds]:
        assert seen.keys() == everybody
        bound = {seen[id_] for id_ in seen if id_.startswith(b"ses_0")}
        assert bound <= {(*old, b""), (*new, b"")}
        mixed += len(bound) == 2
    assert mixed, "nobody saw both sides of a run: it wasn't paged while runs went on"
