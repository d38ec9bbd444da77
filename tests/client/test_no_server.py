"""Without a server, with another server, or with one that dies, the client says so in one clear sentence."""

from __future__ import annotations

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import migrator
from migrator.client import Client, Unreachable
from tests.client.awaited import Awaited
from tests.support.crowded_home import crowded_home
from tests.support.faults import Gate
from tests.support.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home
from tests.support.server import Served

KINDS = pytest.mark.parametrize("kind", [Client, Awaited])


@KINDS
def test_nobody_listens(kind: Any) -> None:
    with socket.socket() as taken, ExitStack() as block:
        taken.bind(("127.0.0.1", 0))  # so that nobody else can listen there either
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = block.enter_context(kind(url, "ocm_any"))
        for call in (client.runs, lambda: next(client.session.history()), lambda: client.undo("x", progress=print)):
            with pytest.raises(Unreachable) as raised:
                call()
            assert str(raised.value).startswith(f"No server can be reached at {url} (")
            assert "start one with `opencode-migrator serve`" in str(raised.value)
            assert raised.value.exit_code == 1


@KINDS
def test_nobody_says_a_word(kind: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with kind(url, "ocm_any", timeout=0.2) as client:
            with pytest.raises(Unreachable, match=r"went away before it had answered .*; ask again"):
                client.runs()
            with pytest.raises(Unreachable, match="went away in the middle of a run"):
                client.undo("20261124-120000-abcd")


@KINDS
@pytest.mark.parametrize("url", ["ftp://127.0.0.1:1", "127.0.0.1:4646", "http://[::1"])
def test_an_address_that_is_none(kind: Any, url: str) -> None:
    with pytest.raises(migrator.BadInput, match="is no address of a server; write it as in http:"):
        kind(url, "ocm_any")


@KINDS
@pytest.mark.parametrize("token", ["", "ocm_any\n", "\u00e9", "two words"])
def test_a_token_that_is_none(kind: Any, token: str) -> None:
    with pytest.raises(migrator.BadInput, match="The token given is not a token") as raised:
        kind("http://127.0.0.1:1", token)
    assert not token or token not in str(raised.value)


class Other(BaseHTTPRequestHandler):
    """Somebody else's server: it has heard of JSON."""

    status, kind, body = 200, "application/json", b'{"hello": "there"}'

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(self.status)
        self.send_header("content-type", self.kind)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def somebody(status: int, kind: str, body: bytes) -> Iterator[str]:
    handler = type("Somebody", (Other,), {"status": status, "kind": kind, "body": body})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@KINDS
@pytest.mark.parametrize(
    ("status", "kind_of_body", "body"),
    [
        (200, "application/json", b'{"hello": "there"}'),
        (200, "application/json", b'[{"id": "ses_1"}]'),
        (200, "text/html", b"<p>Welcome"),
        (404, "text/html", b"<p>Not here"),
        (302, "text/html", b""),
        (500, "application/problem+json", b"{"),
        (400, "application/problem+json", b"[]"),
    ],
)
def test_somebody_elses_server(kind: Any, status: int, kind_of_body: str, body: bytes) -> None:
    with somebody(status, kind_of_body, body) as url, kind(url, "ocm_any") as client:
        for call in (client.runs, lambda: next(client.session.history()), lambda: client.undo("x", progress=print)):
            with pytest.raises(migrator.MigratorError, match=f"{url}|can't read"):
                call()


def test_a_token_goes_to_no_proxy(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with somebody(200, "application/json", b"[]") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Client(served.url, served.token) as client:
            assert len(list(client.session.history(archived=True))) == 18


def test_the_token_is_found_where_the_server_left_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(served.home.path))
    with Client(served.url) as client:
        assert client.runs() == ()
    with Client(served.url, token_file=served.token_file) as client:
        assert client.runs() == ()
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(migrator.MigratorError, match=f"The token can't be read from .*{served.port}.token: No such"):
        Client(served.url)
    for content in (b"", b"\xff\xfe", b"two words\n", b"two\nlines\n"):
        (tmp_path / "token").write_bytes(content)
        with pytest.raises(migrator.MigratorError, match=f"{tmp_path / 'token'}"):
            Client(served.url, token_file=tmp_path / "token")
    with pytest.raises(migrator.BadInput, match="names no port"):
        Client("http://localhost")


@KINDS
@pytest.mark.parametrize("number", [9, signal.SIGTERM])
def test_a_server_that_dies_in_the_middle_of_a_run(tmp_path: Path, kind: Any, number: signal.Signals) -> None:
    """Killed, it leaves a run that can be taken back, and the error says so; told to end, it takes it back itself."""
    home = crowded_home(tmp_path / "home", 100)
    shop = home.repository("shop")
    before, gate = home.everything(), Gate(tmp_path)
    with (
        serving(home, first=gate.at(4, "before COMMIT").lay) as served,
        kind(served.url, served.token) as client,
        ThreadPoolExecutor() as pool,
    ):
        plan = client.plan(from_dir="~/src/repoA", to_dir=shop)

        def stop() -> None:
            served.process.wait_until(lambda: gate.is_reached)
            served.process.send_signal(number)
            if number is signal.SIGTERM:
                served.wait_until_it_stops()
                gate.open()

        stopped = pool.submit(stop)
        with pytest.raises(migrator.MigratorError) as raised:
            client.apply(plan, progress=lambda *_: None, chunk_size=1)
        stopped.result()
        served.process.wait()
    if number is signal.SIGTERM:
        assert type(raised.value) is migrator.Interrupted
    else:
        assert type(raised.value) is Unreachable
        assert "went away in the middle of a run" in str(raised.value)
        assert "`opencode-migrator undo` takes back one that was cut off" in str(raised.value)
        assert home.everything() != before
        assert home.run("undo", "--yes").code == 0
    assert home.everything() == before


@KINDS
def test_a_run_goes_on_when_its_client_stops_listening(home: Home, kind: Any) -> None:
    home.repository("shop")
    with serving(home) as served, kind(served.url, served.token) as client:
        plan = client.plan(from_dir="~/src/shop-*", to_dir=home.src / "shop")

        def lose_interest(done: int, _: int) -> None:
            if done:
                raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            client.apply(plan, progress=lose_interest, chunk_size=1)
        while (entry := client.runs()[0]).status is migrator.RunStatus.RUNNING:
            time.sleep(0.1)
        assert (entry.status, entry.sessions) == (migrator.RunStatus.APPLIED, 17)
