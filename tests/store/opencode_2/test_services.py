"""opencode 2 in the background is found by the file in which it registers, and asked whether it is there.

No opencode 2 can be run here: a small HTTP server answers as its source says that it does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from migrator.errors import DatabaseInUse, MigratorError
from migrator.operations.context import CommandContext
from migrator.operations.doctor import check_up
from migrator.store.opencode_2.services import running_services
from migrator.store.writer import Writer
from tests.support.home import Home, build_home
from tests.support.unprivileged import without_root_powers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
import base64, http.server, json, os, sqlite3, sys
says, log, *opened = sys.argv[1:]
databases = [sqlite3.connect(name) for name in opened]
for database in databases:
    database.execute("SELECT count(*) FROM sqlite_master").fetchall()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(log, "a") as notes:
            print(self.path, self.headers.get("Authorization"), file=notes)
        known = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"opencode:s3cret").decode()
        if says == "silence":
            return sys.stdin.read()
        if says == "elsewhere":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/taken")
            return self.end_headers()
        status = {"older": 404, "starting": 503}.get(says, 200) if known else 401
        pid = os.getpid() + (says == "another")
        info = json.dumps({"pid": pid, "version": "2.0.25"}).encode() if known else b""
        body = b"<html>" if says == "html" else info
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = build_home(tmp_path / "home", "v2-run-fresh")
    monkeypatch.setenv("HOME", str(home.path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return home


def register(home: Home, name: str = "service.json", **said: Any) -> Path:
    """Leave a registration as a service does."""
    file = home.path / ".local" / "state" / "opencode" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    info = {"id": "a1", "version": "2.0.25", "password": "s3cret"} | said
    file.write_text(json.dumps({key: value for key, value in info.items() if value is not None}))
    return file


@contextmanager
def service(home: Home, says: str = "ready", *opened: Path, host: str = "127.0.0.1", **said: Any) -> Iterator[int]:
    """A service that has registered and answers; its pid."""
    command = [sys.executable, "-c", SERVER, says, str(home.path / "asked"), *map(str, opened)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://{host}:{process.stdout.readline().strip()}"
        info: dict[str, Any] = {"pid": process.pid, "url": url}
        register(home, **(info | said))
        try:
            yield process.pid
        finally:
            process.kill()


def asked(home: Home) -> list[str]:
    notes = home.path / "asked"
    return notes.read_text().splitlines() if notes.exists() else []


def found() -> list[int]:
    return [service.pid for service in running_services()]


@pytest.mark.parametrize("says", ["ready", "older", "starting"])
@pytest.mark.parametrize("name", ["service.json", "service-beta.json"])
def test_a_service_that_runs_keeps_everybody_from_writing(home: Home, says: str, name: str) -> None:
    before = home.everything()
    with service(home, says, name=name) as pid:
        with pytest.raises(DatabaseInUse) as refusal:
            Writer(home.database)
        assert str(refusal.value) == (
            f"{home.database} is in use by opencode's background service (pid {pid}); "
            "stop it with `opencode service stop`, or wait for it with --wait SECONDS."
        )
        assert asked(home)[0].startswith("/api/info Basic ")
    assert home.everything() == before
    Writer(home.database).close()  # its file is still there, and it is not


def test_the_state_directory_may_be_another(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(home) as pid:
        monkeypatch.setenv("XDG_STATE_HOME", "")
        assert found() == [pid]
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        assert found() == []


@pytest.mark.parametrize("closed", ["service.json", "."])
def test_a_registration_that_can_not_be_read_may_be_one(home: Home, closed: str) -> None:
    with service(home):
        state = home.path / ".local" / "state" / "opencode"
        (state / closed).chmod(0)
        try:
            with without_root_powers(), pytest.raises(MigratorError, match="can't be looked at: Permission denied"):
                Writer(home.database)
            with without_root_powers(), CommandContext(home.database) as context:
                (told,) = [result for result in check_up(context) if result.subject == "openBy"]
        finally:
            (state / closed).chmod(0o755)
    assert told.value is None
    assert "where opencode's background service registers" in told.text


def test_waiting_for_it(home: Home) -> None:
    with service(home) as pid:
        stop = threading.Timer(1.0, os.kill, (pid, 9))
        began = time.monotonic()
        stop.start()
        Writer(home.database, wait_seconds=30).close()
        assert time.monotonic() - began > 0.9
        stop.join()


@pytest.mark.parametrize("says", ["another", "html", "silence", "elsewhere"])
def test_what_does_not_answer_as_the_process_that_registered_is_no_obstacle(home: Home, says: str) -> None:
    """The port is somebody else's by now, or it hangs: then the lock on the database tells whether that matters."""
    with service(home, says):
        Writer(home.database).close()
        assert [line.split()[0] for line in asked(home)] == ["/api/info"]


def test_a_registration_with_another_password_is_somebody_elses(home: Home) -> None:
    with service(home, password="other"):
        Writer(home.database).close()


def test_a_process_that_is_gone_is_not_even_asked(home: Home) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    with service(home, pid=gone.pid):
        Writer(home.database).close()
        assert asked(home) == []


_listening: list[list[str]] = []


def _hear(event: str, _: object) -> None:
    if event in {"socket.connect", "socket.getaddrinfo"}:
        for calls in _listening:
            calls.append(event)


sys.addaudithook(_hear)


@contextmanager
def network_calls() -> Iterator[list[str]]:
    """Names and addresses that this process asks for or connects to."""
    calls: list[str] = []
    _listening.append(calls)
    yield calls
    _listening.remove(calls)


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "example.com",
        "localhost.example.com",
        "127.0.0.1@192.0.2.1",
        "[2001:db8::1]",
        "0x7f.1",
        "2130706433",
    ],
)
def test_nobody_beyond_this_machine_is_asked(home: Home, host: str) -> None:
    """These would be reached, or looked up, and told the password."""
    with service(home, host=host):
        with network_calls() as calls:
            assert found() == []
        assert calls == []
        assert asked(home) == []


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "127.0.0.1"])
def test_names_of_this_machine(home: Home, host: str) -> None:
    with service(home, host=host) as pid:
        assert found() == [pid]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '"x"', '{"pid": 1}', '{"pid": "1", "url": "http://127.0.0.1"}', '{"pid": true, "url": "http://[::1]"}',
     '{"pid": -1, "url": "http://127.0.0.1"}', '{"pid": 99999999999999999999, "url": "http://127.0.0.1"}',
     '{"pid": 1, "url": "http://127.0.0.1:99999"}', '{"pid": 1, "url": "file:///etc/passwd"}', "\xff", "{}" * 99_999],
)  # fmt: skip
def test_a_file_that_is_no_registration_is_no_obstacle(home: Home, text: str) -> None:
    register(home).write_text(text, encoding="latin-1")
    assert found() == []
    Writer(home.database).close()


def test_a_service_on_another_database_is_no_obstacle(home: Home, tmp_path: Path) -> None:
    other = build_home(tmp_path / "other", "v2-run-fresh")
    with service(home, "ready", other.database):
        Writer(home.database).close()
    with service(home, "ready", tmp_path / "notes.db"), pytest.raises(DatabaseInUse):
        Writer(home.database)


def test_a_service_that_has_the_database_open_is_named_as_what_it_is(home: Home) -> None:
    with service(home, "silence", home.database) as pid, pytest.raises(DatabaseInUse) as refusal:
        Writer(home.database)
    assert f"in use by opencode's background service (pid {pid})" in str(refusal.value)


def test_opencode_1_has_no_such_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = build_home(tmp_path / "home", "1.18.34")
    monkeypatch.setenv("HOME", str(home.path))
    with service(home):
        Writer(home.database).close()
        assert asked(home) == []


def test_the_commands_refuse_and_keep_the_password_to_themselves(home: Home) -> None:
    home.repository("shop", "sub")
    new = home.repository("new")
    with service(home) as pid:
        before = home.everything()
        done = home.run("move", "--from-dir", "~/src/shop", "--to-dir", new, "--yes")
        assert done.code == 4, done.stderr
        assert f"opencode's background service (pid {pid})" in done.stderr
        doctor = home.run("doctor")
        assert f"open in opencode's background service (pid {pid})" in doctor.stdout
        assert home.run("list", "--all").code == 0
        assert home.everything() == before
        assert "s3cret" not in done.stdout + done.stderr + doctor.stdout + doctor.stderr
