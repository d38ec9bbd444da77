"""Requests that no client would send: lies about lengths, nests of brackets, texts that are none."""

from __future__ import annotations

import json
import re
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from migrator.server.plan_request import schema
from tests.support.home import build_home
from tests.support.rows import rows
from tests.support.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.support.server import Served
    from tests.torture.frame import Try

_REQUESTS = 20
_PATIENCE_SECONDS = 30

_QUERIES = {
    "/session/history": "directory roots start cursor search limit archived workspace",
    "/session/orphans": "limit cursor archived rule",
    "/runs": "limit",
}
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**64, 1e308, "", " ", "\0", "\ud800", "\x1b[2J", "\u202e", "a" * 70_000, "/", "/" * 5000,
    "../" * 200, "~", "~nobody/x", "~root", "-", "{a,b}" * 20, "{1..1000000}", "[" * 500, "**/" * 200, "(a+)+$", "\\",
    "/proc/self/environ", "file:///etc/passwd", "ses_", "%", "_", "cwd", "keep", "'; DROP TABLE session; --",
    ["x"] * 3000, [], {}, [[]], {"a": {"b": None}},
)  # fmt: skip
_BODIES = (
    b"", b"null", b"[" * 100_000, b'{"a":' * 50_000, b'{"from-dir":"\xff\xfe"}', '{"to-dir":"é"}'.encode("utf-16"),
    b'{"to-dir":NaN}', b'{"search-depth":1e400}', b'{"search-depth":' + b"9" * 5000 + b"}",
    b'{"match":1,"match":"all"}', b"x" * 2_000_000,
    b'{"plan":' + b"[" * 990 + b"]" * 990 + b"}", b"\xef\xbb\xbf{}", b'"\\ud800"', b"{}{}",
)  # fmt: skip
_MANNERS = ("whole", "in pieces", "cut off", "chunked", "chunked badly", "no length", "garbage after it")


class _Request(NamedTuple):
    """What is sent, and how."""

    method: str
    target: str
    body: bytes
    manner: str

    def parts(self, token: str) -> list[bytes]:
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        head += "Content-Type: application/json\r\nConnection: close\r\n"
        size, body = len(self.body), self.body
        if self.manner.startswith("chunked"):
            head += "Transfer-Encoding: chunked\r\n\r\n"
            length = "-1" if self.manner == "chunked badly" else f"{size:x}"
            return [head.encode(), f"{length}\r\n".encode() + body + b"\r\n0\r\n\r\n"]
        if self.manner != "no length":
            head += f"Content-Length: {size + 1000 if self.manner == 'cut off' else size}\r\n"
        head += "\r\n"
        if self.manner == "in pieces":
            whole = head.encode() + body
            return [
                whole[:7],
                whole[7:90],
                whole[90 : len(head)],
                *(body[at : at + 100_000] for at in range(0, size, 100_000)),
            ]
        return [head.encode(), body, b"\0\xff\r\n\r\nGET" if self.manner == "garbage after it" else b""]


def tries(random: Random) -> Iterator[Try]:
    """Yield handfuls of such requests, each to a server of its own."""
    options = sorted(schema()["properties"])
    while True:
        yield partial(_ask_all, [_draw(random, options) for _ in range(_REQUESTS)])


def _draw(random: Random, options: list[str]) -> _Request:
    kind, manner = random.randrange(6), random.choice(_MANNERS)
    if kind == 0:
        path, names = random.choice([*_QUERIES.items()])
        pairs = [
            f"{random.choice(names.split())}={_in_query(random.choice(_VALUES))}" for _ in range(random.randint(1, 3))
        ]
        return _Request("GET", f"{path}?{'&'.join(pairs)}", b"", "whole")
    if kind == 1:
        asked = {"from-dir": "~/src/shop-*", "to-dir": "~/src/shop"}
        asked |= {name: random.choice(_VALUES) for name in random.sample(options, random.randint(1, 2))}
        asked.pop("exclude-from", None)  # a file of the server's, which has a test of its own
        return _Request("POST", "/plan", json.dumps(asked).encode(), manner)
    if kind == 2:
        target = random.choice(("/session/{}/migrate", "/runs/{}/undo")).format(_in_query(random.choice(_VALUES)))
        asked = {name: random.choice(_VALUES) for name in ("directory", "projectID")}
        return _Request("POST", target, json.dumps(asked).encode(), manner)
    if kind == 3:
        plan = {
            "format": "opencode-migrator/plan@1",
            "changes": random.choice(_VALUES),
            "store": random.choice(_VALUES),
        }
        return _Request("POST", "/apply", json.dumps(random.choice((plan, {"plan": plan}))).encode(), manner)
    if kind == 4:
        method = random.choice(("GET", "PUT", "OPTIONS", "get", "\x01", "A" * 3000))
        return _Request(method, random.choice(("/plan", "*", "//", "/\x7f", "/%00", "/" + "x" * 80_000)), b"", manner)
    return _Request("POST", random.choice(("/plan", "/apply", "/session/x/migrate")), random.choice(_BODIES), manner)


def _in_query(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return quote(text.encode(errors="surrogatepass"), safe="")[:20_000]


def _ask_all(requests: list[_Request], directory: Path) -> str | None:
    home = build_home(directory / "home", "real-1.18.34")
    home.repository("shop")
    before, changed = rows(home), False
    with serving(home) as served:
        for request in requests:
            start = time.monotonic()
            status = _ask(served, request)
            said = f"{request.manner}: {request.method[:20]} {request.target[:200]} {request.body[:200]!r}"
            if status >= 500 or time.monotonic() - start > _PATIENCE_SECONDS:
                return f"status {status} after {time.monotonic() - start:.1f} s for {said}"
            changed |= request.method == "POST" and request.target != "/plan" and status == 200
        assert served.get("/healthz")["status"] == "ok"
        assert served.get("/session/history")
        assert served.stop() == (0, ""), "it did not stop quietly"
    return None if changed or rows(home) == before else "rows changed, and no request was told so"


def _ask(served: Served, request: _Request) -> int:
    """Send a request; return the status of the answer, or 0 if the connection was closed without one."""
    answer = b""
    with socket.create_connection(("127.0.0.1", served.port), timeout=_PATIENCE_SECONDS + 5) as connection:
        try:
            for part in request.parts(served.token):
                connection.sendall(part)
            if request.manner == "cut off":
                connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(65536):
                answer += more
        except TimeoutError:
            raise
        except OSError:
            pass  # it had read enough, and closed the connection
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0
