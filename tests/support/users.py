"""Real users: root, and somebody who is not root and has a home, with the permissions that the system gives them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrator.disk.system import user
from tests.support import forked
from tests.support.home import Home, build_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.forked import Finished

SOMEBODY = 47_114
"""A user, and a group, that no system has."""

two_users = pytest.mark.skipif(user() != 0, reason="only root can be two users: the namespace of anybody else has one")

_CLONE_NEWNS = 0x00020000
_MS_PRIVATE_ALL = 0x4000 | 1 << 18
_MS_BIND = 0x1000


@dataclass
class UsersHome(Home):
    """The home of SOMEBODY, in which `run` runs as them."""

    @property
    def roots_home(self) -> Path:
        return self.path.parent / "root"

    def run(
        self,
        *words: str | Path,
        cwd: Path | None = None,
        stdin: str | None = None,
        first: Callable[[], object] | None = None,
    ) -> Finished:
        deed = partial(_in_turn, partial(become, SOMEBODY), first or int)
        return forked.run(words, self.env(), cwd or self.path, stdin or "", first=deed)

    def run_as_root(self, *words: str | Path, first: Callable[[], object] | None = None, **environ: str) -> Finished:
        """Run it under sudo, which tells who called. HOME stays theirs, as on macOS, unless it is given."""
        return forked.run(words, {**self.env(), "SUDO_UID": str(SOMEBODY), **environ}, self.path, first=first)

    def known(self) -> Callable[[], object]:
        """Return what makes them a user of the system, called "somebody", to the process in which it is called."""
        if shutil.which("unshare") is None or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
            pytest.skip("here root may not give itself another /etc/passwd")
        passwd = self.path.parent / "passwd"
        passwd.write_text(f"somebody:x:{SOMEBODY}:{SOMEBODY}::{self.path}:/bin/sh\n")
        return partial(_mount_over, str(passwd), "/etc/passwd")

    def not_theirs(self) -> list[Path]:
        """Return what in their home belongs to somebody else."""
        return [path for path in (self.path, *self.path.rglob("*")) if path.lstat()[4:6] != (SOMEBODY, SOMEBODY)]

    def give_everything(self, user: int = SOMEBODY, below: Path | None = None) -> None:
        top = below or self.path
        for path in (top, *top.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


@contextmanager
def open_to_everybody() -> Iterator[Path]:
    """Make a directory that every user may enter, unlike those of pytest."""
    top = Path(tempfile.mkdtemp()).resolve()
    try:
        top.chmod(0o755)
        yield top
    finally:
        shutil.rmtree(top)


@contextmanager
def users_home() -> Iterator[UsersHome]:
    """Make the home of SOMEBODY, beside an empty one of root's."""
    with open_to_everybody() as top:
        home = UsersHome(build_home(top / "home", "real-1.18.34").path)
        home.repository("shop", "sub/deep")
        home.give_everything()
        home.roots_home.mkdir(mode=0o700)
        yield home


def become(user: int) -> None:
    """Make this process another user's, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _mount_over(file: str, over: str) -> None:
    """Put a file in the place of another for this process alone."""
    libc = ctypes.CDLL(None)
    assert libc.unshare(_CLONE_NEWNS) == 0
    assert libc.mount(b"none", b"/", None, _MS_PRIVATE_ALL, None) == 0
    assert libc.mount(file.encode(), over.encode(), None, _MS_BIND, None) == 0


def _in_turn(*deeds: Callable[[], object]) -> None:
    for deed in deeds:
        deed()
