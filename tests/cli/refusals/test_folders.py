"""Folders that may not be entered, whose names are too long, that lead to themselves or are files: one sentence."""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.support.home import MOVE, SESSION
from tests.support.marks import long_round
from tests.support.refusal import WARNING
from tests.support.unprivileged import UnprivilegedHome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.home import Home

EXIT_CODES = {0, 1, 2, 3, 4, 5}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list", "--all"), ("projects",), ("orphans",), ("orphans", "--explain", SESSION), ("doctor",), MOVE,
    ("migrate", SESSION, "src/shop", "--yes"), ("relocate", "src/shop-api", "src/shop", "--yes"),
    ("rescue", "--likely", "--yes"), ("consolidate", "src/shop", "--yes"), ("workspaces", "src/shop"),
    ("protect", "--yes"), ("doctor", "--undo"), ("plan", *MOVE[1:-1], "-o", "new.json"), ("show", "plan.json"),
    ("apply", "plan.json", "--yes"), ("log",), ("undo", "--yes"), ("resume",), ("gc", "--yes"),
)  # fmt: skip
AT_A_TIME = 2


def _closed(path: Path) -> None:
    path.mkdir(mode=0)


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


FAULTS: dict[str, Callable[[Path], object]] = {
    "closed": _closed,
    "link to itself": _link_to_itself,
    "file": lambda path: path.write_text("something else"),
}
FOLDERS = (".local", ".local/share/opencode", ".local/share/opencode/snapshot", ".local/state/opencode-migrator",
           ".local/state/opencode-migrator/runs", ".config", "src/shop", "src/shop/.git")  # fmt: skip
CASES = [*product(FOLDERS, FAULTS)]
SETTINGS = ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "TMPDIR", "OPENCODE_DB")


@pytest.fixture
def moved(home: Home) -> UnprivilegedHome:
    """A home with a plan that was saved, and a run that can be taken back, of a user to whom permissions apply."""
    for words in (("plan", *MOVE[1:-1], "-o", "plan.json"), ("migrate", SESSION, "src/shop", "--yes")):
        assert home.run(*words).code == 0
    return UnprivilegedHome(home.path, home.environ)


def check(home: UnprivilegedHome, words: tuple[str, ...]) -> None:
    done = home.run(*words)
    assert done.code in EXIT_CODES, (words, done.stderr)
    if done.code:
        said = WARNING.sub("", done.stderr).splitlines()
        assert [line for line in said if line.startswith("error: ")] == said[-1:], (words, done.stderr)


def some(number: int) -> tuple[tuple[str, ...], ...]:
    """Return a few commands: all of them come up, since the numbers differ."""
    return tuple(COMMANDS[(number * AT_A_TIME + each) % len(COMMANDS)] for each in range(AT_A_TIME))


def broken(home: UnprivilegedHome, folder: str, fault: str) -> Path:
    """Put a folder aside, and something else in its place; return where it is."""
    path = home.path / folder
    aside = path.with_name(f"{path.name} aside")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(aside)
    FAULTS[fault](path)
    return path


@pytest.mark.parametrize(("number", "folder", "fault"), [(n, *case) for n, case in enumerate(CASES)][::2])
def test_a_folder_that_is_none(moved: UnprivilegedHome, number: int, folder: str, fault: str) -> None:
    path = broken(moved, folder, fault)
    for words in some(number):
        check(moved, words)
    _open(path)


@pytest.mark.long
@pytest.mark.parametrize(("folder", "fault"), CASES)
def test_a_folder_that_is_none_in_every_command(moved: UnprivilegedHome, folder: str, fault: str) -> None:
    path = broken(moved, folder, fault)
    for words in COMMANDS:
        check(moved, words)
    _open(path)


def _open(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.chmod(0o755)


def settings(home: UnprivilegedHome) -> list[str]:
    """Return paths that no folder can have."""
    (home.path / "file").touch()
    (home.path / "loop").symlink_to("loop")
    return [f"{home.path}/file/x", f"{home.path}/loop/x", f"{home.path}/{'n' * 300}", "/".join(["d" * 200] * 30)]


@pytest.mark.parametrize(("number", "name"), [*enumerate(SETTINGS)])
def test_a_setting_that_names_what_can_not_be(moved: UnprivilegedHome, number: int, name: str) -> None:
    before = moved.environ
    for value in settings(moved)[number % 2 :: 2]:
        moved.environ = {**before, name: value}
        check(moved, some(number)[0])


@pytest.mark.long
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_names_what_can_not_be_in_every_command(moved: UnprivilegedHome, name: str) -> None:
    before = moved.environ
    for value, words in product(settings(moved), COMMANDS):
        moved.environ = {**before, name: value}
        check(moved, words)


@pytest.mark.parametrize("option", ["--db", *map(long_round, ["--backup", "--output"])])
def test_a_file_that_can_not_be(moved: UnprivilegedHome, option: str) -> None:
    closed = broken(moved, "closed", "closed")
    words = ("plan", *MOVE[1:-1]) if option == "--output" else MOVE
    for path in (*settings(moved), f"{closed}/x", str(moved.path)):
        done = moved.run(*words, option, path)
        assert done.code in {1, 2}, (path, done.stderr)
        assert done.stderr.splitlines()[-1].startswith("error: ")
    _open(closed)
    shutil.rmtree(closed)
