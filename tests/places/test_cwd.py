"""The current directory is known by name even after it was deleted, and never mistaken for another one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_ASK = """
import os, shutil, sys
from migrator.errors import NoSuchDirectory
from migrator.places.cwd import current_directory
os.chdir(sys.argv[1])
shutil.rmtree(sys.argv[2])
try:
    print(current_directory(*sys.argv[3:]))
except NoSuchDirectory as error:
    print(error)
"""


def asked(here: Path, deleted: Path, pwd: str, *kernel: str) -> str:
    """Return what a process says that was in `here` when `deleted` was deleted."""
    words = [sys.executable, "-c", _ASK, str(here), str(deleted), *kernel]
    return subprocess.run(words, env={"PWD": pwd}, capture_output=True, text=True, check=True).stdout.rstrip("\n")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    here = tmp_path / "src" / "of mine (deleted)"
    here.mkdir(parents=True)
    return here


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux still knows the name")
@pytest.mark.parametrize("pwd", ["", "/", "/nowhere", "src"])
@pytest.mark.parametrize("up", [0, 1])
def test_linux_knows_the_name_whatever_the_shell_says(here: Path, pwd: str, up: int) -> None:
    assert asked(here, (here, here.parent)[up], pwd) == str(here)


NO_LINUX = "/nowhere/cwd"


def test_elsewhere_it_is_what_the_shell_calls_it(here: Path) -> None:
    assert asked(here, here, f"{here}/", NO_LINUX) == str(here)


@pytest.mark.parametrize("pwd", ["", "/", "//", "/usr", "/usr/", "src", "."])
def test_what_leads_somewhere_is_the_name_of_something_else(here: Path, pwd: str) -> None:
    assert "nobody knows" in asked(here, here, pwd, NO_LINUX)


def test_as_long_as_it_exists_it_is_its_real_name(here: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(here)
    assert asked(tmp_path / "link", tmp_path / "other", "/nowhere") == str(here)
