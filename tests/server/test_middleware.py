"""Safe by default: who may ask, by which name, from which web page, and how much."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.server import Served

SECRET = ("/session/history", "/session/orphans", "/runs", "/nowhere")
NAMED_LIKE_DATABASE = "has the name of a database of opencode, or of a part of one"


def raw(served: Served, path: str = "/session/history", method: str = "GET", **headers: str) -> httpx.Response:
    """Ask with these headers only."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, served.url + path, headers=named, timeout=30)


@pytest.mark.parametrize("path", SECRET)
def test_without_the_token_nothing_is_told(reader: Served, path: str) -> None:
    wrong = reader.token[:-1] + ("a" if reader.token[-1] != "a" else "b")
    for header in (
        {},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic eDp5"},
    ):
        answer = raw(reader, path, **header)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthorized"
    assert raw(reader, path, authorization=f"bearer {reader.token}").status_code != 401


def test_what_tells_nothing_of_the_database_needs_no_token(reader: Served) -> None:
    for path in ("/healthz", "/openapi.json", "/"):
        answer = raw(reader, path)
        assert answer.status_code == 200
        assert str(reader.home.path) not in answer.text
    assert raw(reader, "/", "POST").status_code == 401


def test_the_token_is_printed_once_and_kept_where_only_its_owner_reads_it(home: Home) -> None:
    with serving(home) as served:
        assert served.token_file.read_text() == served.token + "\n"
        assert stat.S_IMODE(served.token_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(served.token_file.parent.stat().st_mode) == 0o700
        assert re.fullmatch(r"ocm_[A-Za-z0-9_-]{43}", served.token)
        code, said = served.stop()
        assert (code, said) == (0, "")
        assert served.process.stdout.count("\n") == 2
        assert not served.token_file.exists()
        first = served.token
    with serving(home) as served:
        assert served.token != first


def test_a_token_file_by_name(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "sub" / "token"
    for _ in range(2):  # one that a server which was killed has left is replaced
        with serving(home, "--token-file", file) as served:
            assert file.read_text() == served.token + "\n"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert raw(served, authorization=f"Bearer {file.read_text().strip()}").status_code == 200
    notes = tmp_path / "notes"
    notes.write_text("ocm_notes of mine\n")
    link = tmp_path / "link"
    link.symlink_to(file)
    for other, why in (
        (home.database, f"{NAMED_LIKE_DATABASE}; name another file with --token-file FILE"),
        (notes, "exists and is not a token file; name another file with --token-file FILE, or replace it with --force"),
        (
            tmp_path / "link",
            "is a link, and no token file is written through one; name another file with --token-file FILE",
        ),
    ):
        before = other.read_bytes()
        refused = home.run("serve", "--port", "0", "--token-file", other)
        assert (refused.code, refused.stderr) == (1, f"error: The file {other} {why}.\n")
        assert other.read_bytes() == before


@pytest.mark.parametrize("file", ["", "/"])
def test_a_token_file_without_a_name(home: Home, file: str) -> None:
    refused = home.run("serve", "--port", "0", "--token-file", file)
    assert refused.code in {1, 2}
    assert "--token-file" in refused.stderr
    assert "unexpected" not in refused.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.0.0.1:1", "127.8.8.8:80"])
def test_names_of_this_machine(reader: Served, host: str) -> None:
    assert raw(reader, "/healthz", host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "", "[::1", "[]"]
)
def test_rebinding(reader: Served, host: str) -> None:
    """A page whose name points to 127.0.0.1 asks with that name."""
    answer = raw(reader, host=host, authorization=f"Bearer {reader.token}")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:5173", "http://127.0.0.1"])
def test_web_pages_may_not_ask(reader: Served, origin: str) -> None:
    answer = raw(reader, origin=origin, authorization=f"Bearer {reader.token}")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    preflight = raw(reader, method="OPTIONS", origin=origin, access_control_request_method="GET")
    assert preflight.status_code == 403
    assert "access-control-allow-origin" not in {**answer.headers, **preflight.headers}


@pytest.mark.parametrize("origin", ["*", "localhost", "http://localhost:5173/page", "", "http://"])
def test_what_is_no_origin_is_refused_at_the_start(home: Home, origin: str) -> None:
    """No browser would ever send it, so it would let nobody in, without a word."""
    refused = home.run("serve", "--port", "0", "--allow-origin", origin)
    assert refused.code == 2
    assert "write it as in http://localhost:5173" in refused.stderr


def test_a_web_page_that_was_allowed(home: Home) -> None:
    page = "http://localhost:5173"
    with serving(home, "--allow-origin", page) as served:
        asked = raw(
            served,
            method="OPTIONS",
            origin=page,
            access_control_request_method="POST",
            access_control_request_headers="authorization,content-type",
        )
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == page
        answer = raw(served, origin=page, authorization=f"Bearer {served.token}")
        assert answer.headers["access-control-allow-origin"] == page
        assert "x-next-cursor" in answer.headers["access-control-expose-headers"]
        assert raw(served, origin=page).headers["access-control-allow-origin"] == page
        assert raw(served, origin="https://evil.example").status_code == 403


@pytest.mark.parametrize("chunked", [True, False])
def test_bodies_have_an_end(reader: Served, chunked: bool) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=30)
    headers = {"Authorization": f"Bearer {reader.token}", "Content-Type": "application/json"}
    body = b'"' + b"x" * (1 << 20) + b'"'
    sent = iter([body[:9], body[9:]]) if chunked else body
    with suppress(BrokenPipeError, ConnectionResetError):  # the server doesn't wait for the rest
        connection.request("POST", "/plan", sent, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "too-large"
    connection.close()


def test_a_body_that_says_it_is_too_large_is_not_waited_for(reader: Served) -> None:
    with socket.create_connection(("127.0.0.1", reader.port), timeout=10) as connection:
        head = f"POST /plan HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {reader.token}\r\n"
        connection.sendall(f"{head}Content-Length: 999999999\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is no JSON"),
        (b"{", "The body is no JSON"),
        (b"[" * 100_000, "The body is no JSON"),
        (b"\xff", "The body is no JSON"),
        (b'{"title":"\\ud800"}', "The body is no JSON"),
        (b'{"since":NaN}', "The body is no JSON: NaN is no number."),
        (b"[]", "The body must be a JSON object."),
        (b'{"title":["a\\u0000b"]}', "title must be a string that isn't empty."),
        (b'{"fromId":["-"],"toDir":"/"}', "fromId must not be -, which is standard input"),
        (b'{"fromDir":"/","toDir":"-"}', "toDir must not be -, which is standard input"),
        (b'{"help":true}', "There is no option 'help' of move; known: fromDir, exact,"),
        (b'{"db":"/etc/passwd"}', "There is no option 'db'"),
        (b'{"fromDir":["--yes"],"subdirs":"up"}', "subdirs must be nearest, keep or flatten, not 'up'."),
        (b'{"exact":"yes"}', "exact must be true or false."),
        (b'{"fromDir":true}', "fromDir needs a value, not true."),
        (
            b'{"from-dir":"/","fromDir":"/"}',
            "fromDir is given twice, as it is called today and as it was called before.",
        ),
        (b'{"from-nowhere":"/"}', "There is no option 'fromNowhere' of move; known: fromDir, exact,"),
        (b'{"command":"relocate"}', "folders is missing: what moved, each with old and new."),
        (b'{"command":"relocate","folders":[]}', "folders must be an array that isn't empty."),
        (
            b'{"command":"relocate","folders":[{"old":"/a"}]}',
            "folders must be objects with old and new, and nothing else.",
        ),
        (b'{"command":"relocate","folders":[{"old":"/a","new":""}]}', "folders.new must be a string that isn't empty."),
        (b'{"command":"relocate","fromDir":"/a"}', "There is no option 'fromDir' of relocate; known: folders,"),
        (
            b'{"command":"relocate","folders":[{"old":"/a","new":"/b"}],"willMove":true,"foreign":true}',
            "willMove and foreign exclude each other",
        ),
        (b'{"command":"consolidate","only":[""]}', "only must be a string that isn't empty."),
        (b'{"command":"merge"}', "other is missing: the path of the other database; or say fromChannel."),
        (b'{"command":"merge","other":"/a","removeFromOther":true}', "There is no option 'removeFromOther' of merge"),
        (b'{"command":"merge","other":"/a","withOpencode":"sh"}', "There is no option 'withOpencode' of merge"),
        (b'{"fromDir":[1]}', "fromDir must be a string that isn't empty."),
    ],
)
def test_bodies_that_cant_be_meant(reader: Served, body: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert reader.refused("POST", "/plan", 400, "bad-input", content=body, headers=headers).startswith(said)


def test_a_body_of_another_type(reader: Served) -> None:
    """A form of a web page can't send JSON without asking first."""
    headers = {"Content-Type": "text/plain"}
    said = reader.refused("POST", "/plan", 400, "bad-input", content=b"{}", headers=headers)
    assert said == "The body must be application/json, not text/plain."


def test_who_goes_away_while_sending_leaves_no_trace(served: Served) -> None:
    head = f"POST /plan HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {served.token}\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        served.get("/healthz")  # by now it is being read
    assert served.stop() == (0, "")
    assert not list(served.home.state.glob("crash-*"))


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01 no HTTP\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n"]
)
def test_what_strangers_send_is_not_told_on_standard_error(served: Served, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(12).startswith(b"HTTP/1.1 ")
    assert served.stop() == (0, "")


def test_elsewhere_only_by_name_and_with_a_warning(home: Home) -> None:
    with serving(home) as served, socket.socket() as other:
        other.settimeout(5)
        address = socket.gethostbyname(socket.gethostname())
        if not address.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                other.connect((address, served.port))
        assert served.stop() == (0, "")
    with serving(home, "--host", "0.0.0.0", url=None) as served:
        assert raw(served, "/healthz", host="192.168.1.7:99").status_code == 200
        assert raw(served, "/healthz", host=socket.gethostname()).status_code == 200
        assert raw(served, "/healthz", host="evil.example").status_code == 403
        assert raw(served, host="192.168.1.7").status_code == 401
        code, said = served.stop()
    assert code == 0
    assert said.startswith("warning: other machines can connect, and the connection is not encrypted")


def test_refused_before_it_serves(home: Home) -> None:
    with serving(home) as served:
        taken = home.run("serve", "--port", str(served.port))
        assert (taken.code, taken.stdout) == (1, "")
        assert taken.stderr == (
            f"error: Port {served.port} of 127.0.0.1 is taken; name another with --port, or 0 for any.\n"
        )
    nowhere = home.run("serve", "--host", "no.such.host.invalid", "--port", "0")
    assert (nowhere.code, nowhere.stderr) == (
        2,
        "error: No host has the name or address no.such.host.invalid; name one of this machine with --host.\n",
    )
    os.truncate(home.database, 0)
    assert home.run("serve", "--port", "0").code == 1
