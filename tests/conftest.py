"""What tests share: a home directory with a database from the fixtures, in memory where there is room."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.home import Home, build_home

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 * 1024**3


def pytest_configure() -> None:
    """Keep what is temporary in memory, unless TMPDIR says where: each write to a database waits for the disk.

    What a database is after a kill is the same in both. Where there is no such memory, or little, or no program may be
    run from it, all is kept where Python keeps it.
    """
    if (
        "TMPDIR" not in os.environ
        and os.access(_MEMORY, os.W_OK)
        and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
        and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    ):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests often wait, for other programs and where needed for the disk."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with the real sessions of 1.18.34: see fixtures/README.md."""
    return build_home(tmp_path / "home", "real-1.18.34")


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Puts a git in front of git that takes notes; gives what was asked since the last call.

    Each line has three settings that we give to git, then its arguments.
    """
    notes, wrapper = tmp_path / "notes", tmp_path / "bin" / "git"
    notes.touch()
    wrapper.parent.mkdir()
    note = f'echo "$LC_ALL $GIT_OPTIONAL_LOCKS $GIT_NO_LAZY_FETCH $@" >> {notes}'
    wrapper.write_text(f'#!/bin/sh\n{note}\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    def _asked() -> list[str]:
        lines = notes.read_text().splitlines()
        notes.write_text("")
        return lines

    return _asked
