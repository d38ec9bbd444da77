"""Texts that a person hands over: a byte order mark and the line ends of Windows are no part of them."""

from __future__ import annotations

import json
import os
import subprocess
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home
from tests.support.marks import long_round
from tests.support.refusal import sentence

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home

WAYS = {
    "plain": b"%s\n%s\n",
    "mark": b"\xef\xbb\xbf%s\n%s\n",
    "windows": b"\xef\xbb\xbf%s\r\n%s\r\n",
    "bare": b"%s\n%s",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = empty_home(tmp_path / "home")
    home.repository("shop")
    for name in ("a", "b"):
        bind_session(home, f"ses_{name}", "global", home.src / name, str(home.src / name)[1:])
    return home


@pytest.fixture(params=WAYS)
def text(request: pytest.FixtureRequest) -> bytes:
    """Two lines with a place for each."""
    return WAYS[request.param]


def run(home: Home, stdin: bytes, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        home.command(*words), input=stdin, env=dict(home.env()), cwd=home.path, capture_output=True, check=False
    )


def test_ids_on_standard_input(home: Home, text: bytes) -> None:
    done = run(home, text % (b"ses_a", b"ses_b"), "list", "--from-id", "-", "--json")
    assert done.returncode == 0, done.stderr
    assert {row["id"] for row in json.loads(done.stdout)} == {"ses_a", "ses_b"}


@pytest.mark.parametrize("name", ["map", long_round("-")])
def test_a_map_of_folders(home: Home, text: bytes, name: str) -> None:
    lines = text % tuple(f"{home.src}/{old}={home.src}/{new}".encode() for old, new in ("ac", "bd"))
    for new in "cd":
        (home.src / new).mkdir()
    (home.path / "map").write_bytes(lines)
    done = run(home, lines, "relocate", "--map", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert {directory for _, directory, _ in bound(home).values()} == {f"{home.src}/c", f"{home.src}/d"}


def test_a_list_of_exclusions(home: Home, text: bytes) -> None:
    (home.path / "list").write_bytes(text % (b"a", b"x"))
    (row,) = home.run("list", "--all", "--exclude-from", "list", "--json").json
    assert row["id"] == "ses_b"


@pytest.mark.parametrize("name", ["plan.json", long_round("-")])
def test_a_plan(home: Home, text: bytes, name: str) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "--from-dir", "~/src/a", "--to-dir", "src/shop", "-o", plan).code == 0
    written = text % (plan.read_bytes().rstrip(b"\n"), b"")
    plan.write_bytes(written)
    done = run(home, written, "apply", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert bound(home)["ses_a"][1] == f"{home.src}/shop"


@pytest.mark.parametrize(
    ("words", "encoding", "code"),
    [
        (("list", "--from-id", "-"), "latin-1", 2),
        (("list", "--from-id", "-"), "utf-16", 2),
        (("relocate", "--map", "-"), "utf-16-le", 2),  # all of its bytes may be UTF-8, but no text has a NUL
        (("show", "-"), "utf-32", 1),
    ],
)
def test_what_is_no_utf_8_text_is_refused_in_one_sentence(
    home: Home, words: tuple[str, ...], encoding: str, code: int
) -> None:
    done = run(home, "ses_e\n".replace("e", "é" if encoding == "latin-1" else "e").encode(encoding), *words)
    assert done.returncode == code, done.stderr
    assert (b"it isn't text" if code == 1 else b"it is not UTF-8 text, so save it as UTF-8") in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_plan_may_come_through_a_pipe(home: Home) -> None:
    """As of `apply <(...)`."""
    made = home.run("plan", "--from-dir", "~/src/a", "--to-dir", "src/shop", "--json")
    assert made.code == 0, made.stderr
    os.mkfifo(home.path / "pipe")
    writer = Thread(target=(home.path / "pipe").write_text, args=[made.stdout])
    writer.start()
    done = home.run("apply", "pipe", "--yes")
    writer.join()
    assert done.code == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "code", "size"),
    [(("list", "--exclude-from"), 2, "64 MB"), (("relocate", "--map"), 2, "64 MB"), (("show",), 1, "512 MB")],
)
def test_a_huge_file_is_not_read(home: Home, words: tuple[str, ...], code: int, size: str) -> None:
    (home.path / "sparse").touch()
    os.truncate(home.path / "sparse", 1 << 33)
    assert f"it is larger than {size}" in sentence(home.run(*words, "sparse"), code)


def test_a_device_without_end_is_not_read_to_its_end(home: Home) -> None:
    assert "it is larger than 64 MB" in sentence(home.run("list", "--exclude-from", "/dev/zero"), 2)


# -- a `=` in a path ---------------------------------------------------------------------------------------------------


def test_two_folders_with_an_equals_sign_are_old_and_new(home: Home) -> None:
    (home.src / "dt=2").mkdir()
    bind_session(home, "ses_1", "global", home.src / "dt=1/sub", None)
    done = home.run("relocate", "dt=1", "dt=2", "--yes", cwd=home.src)
    assert done.code == 0, done.stderr
    assert bound(home)["ses_1"][1] == f"{home.src}/dt=2/sub"


@pytest.mark.parametrize("way", ["word", "map"])
def test_one_word_with_several_equals_signs(home: Home, way: str) -> None:
    (home.src / "dt=2").mkdir()
    bind_session(home, "ses_1", "global", home.src / "dt=1", None)
    (home.path / "map").write_text(f"{home.src}/dt=1={home.src}/dt=2\n")
    words = [f"{home.src}/dt=1={home.src}/dt=2"] if way == "word" else ["--map", "map"]
    done = home.run("relocate", *words, "--yes")
    assert done.code == 0, done.stderr
    assert bound(home)["ses_1"][1] == f"{home.src}/dt=2"


def test_what_can_be_two_paths_and_two_pairs_is_refused(home: Home) -> None:
    for name in ("x=1", "y=2", "1", "2"):
        (home.src / name).mkdir()
    for name in ("x=1", "x", "y"):
        bind_session(home, f"ses_{name}", "global", home.src / name, None)
    said = sentence(home.run("relocate", "x=1", "y=2", "--copied", "--yes", cwd=home.src), 1)
    assert r"x=1 to y=2, for which write 'x\=1=y\=2'" in said
    assert "x to 1 and y to 2, for which write the lines x=1 and y=2 into a FILE for --map" in said
    done = home.run("relocate", r"x\=1=y\=2", "--copied", "--yes", cwd=home.src)
    assert done.code == 0, done.stderr
    assert bound(home)["ses_x=1"][1] == f"{home.src}/y=2"
