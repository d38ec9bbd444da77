"""What tests share: a home directory with a database from the fixtures, in memory where there is room."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.home import Home, build_home

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
