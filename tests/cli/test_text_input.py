"""Texts that a person hands over: a byte order mark and the line ends of Windows are no part of them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.empty_home import bind_session, bound, empty_home
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


@pytest.mark.parametrize("name", ["map", "-"])
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


@pytest.mark.parametrize("name", ["plan.json", "-"])
def test_a_plan(home: Home, text: bytes, name: str) -> None:
    plan = home.path / "plan.json"
    assert home.run("plan", "--from-dir", "~/src/a", "--to-dir", "src/shop", "-o", plan).code == 0
    written = text % (plan.read_bytes().rstrip(b"\n"), b"")
    plan.write_bytes(written)
    done = run(home, written, "apply", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert bound(home)["ses_a"][1] == f"{home.src}/shop"


def test_what_is_no_utf_8_text_is_refused_in_one_sentence(home: Home) -> None:
    for words in (["list", "--from-id", "-"], ["relocate", "--map", "-"]):
        done = run(home, "ses_a\n".encode("utf-16"), *words)
        assert done.returncode == 2, done.stderr
        assert b"is no UTF-8 text" in done.stderr
    done = run(home, "{}".encode("utf-16"), "show", "-")
    assert (done.returncode, b"isn't text" in done.stderr) == (1, True)


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
