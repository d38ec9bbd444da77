"""Our command where the system shows less: in a container of its own, without /proc, on a read-only file system."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from migrator.disk.system import user
from tests.support.home import Home

if TYPE_CHECKING:
    from pathlib import Path

CONTAINER = ("--pid", "--fork", "--mount-proc")
"""Other processes than those of the container are not shown."""

_AS_ROOT = () if user() == 0 else ("--map-root-user",)


@dataclass
class Apart(Home):
    """A home whose `run` is in a container made with these words for `unshare`, after a line of shell."""

    how: tuple[str, ...] = CONTAINER
    before: str = "true"

    def __post_init__(self) -> None:
        if shutil.which("unshare") is None:
            pytest.skip("no container can be made here: unshare is not on PATH")
        tried = subprocess.run([*self._prefix(), "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            pytest.skip(f"no container can be made here: {tried.stderr.strip()}")

    def _prefix(self) -> list[str]:
        return ["unshare", *_AS_ROOT, *self.how, "sh", "-c", f'{self.before} && exec "$@"', "sh"]

    def command(self, *words: str | Path) -> list[str]:
        return [*self._prefix(), *super().command(*words)]

    run = Home.start


def in_container(home: Home) -> Apart:
    return Apart(home.path, home.environ)


def without_proc(home: Home) -> Apart:
    return Apart(home.path, home.environ, ("--mount",), "mount -t tmpfs none /proc")


def read_only(home: Home) -> Apart:
    """Let the directory of the database be on a file system that is mounted read-only."""
    data = home.database.parent
    mount = f"mount --bind {data} {data} && mount -o remount,bind,ro {data}"
    return Apart(home.path, home.environ, ("--mount",), mount)
