"""What surrounds a program that tests: nobody's settings, and temporary files in memory where there is room."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.support.git import NO_SETTINGS

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 * 1024**3


def leave_settings_behind() -> None:
    """Let nobody's settings of git, hg or opencode reach the tests, and keep temporary files in memory."""
    for name in [name for name in os.environ if _is_setting(name)]:
        del os.environ[name]
    # The development requirements put hg beside Python.
    programs = os.pathsep.join((os.environ["PATH"], str(Path(sys.executable).parent)))
    os.environ |= {**NO_SETTINGS, "HGRCPATH": "", "PATH": programs}
    _keep_temporary_files_in_memory()


def _is_setting(name: str) -> bool:
    return name.startswith(("XDG_", "OPENCODE", "GIT_")) and not name.startswith("OPENCODE_MIGRATOR_")


def _keep_temporary_files_in_memory() -> None:
    """Do so unless TMPDIR says where they go: each write to a database waits for the disk.

    A database is the same after a kill in both. Where there is no such memory, or little, or no program may be run from
    it, files stay where Python keeps them.
    """
    if (
        "TMPDIR" not in os.environ
        and os.access(_MEMORY, os.W_OK)
        and hasattr(os, "statvfs")
        and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
        and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    ):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
