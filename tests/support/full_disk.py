"""Our command on file systems with little space: memory of fixed size, mounted where only that command sees it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.forked import Running
from tests.support.required import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.forked import Finished
    from tests.support.home import Home

_FILLER = ".filler"


class SmallDisks:
    """Directories of a home, each of which is a file system of its own."""

    def __init__(self, home: Home, keeper: int, directories: tuple[Path, ...]) -> None:
        self._home = home
        self._keeper = keeper
        self._directories = directories

    def seen(self, path: Path) -> Path:
        """Where what the command has at this path is for us. SQLite would follow it back to our own file system."""
        return Path(f"/proc/{self._keeper}/root{path}")

    def start(self, words: Sequence[str | Path], first: Callable[[], object] | None = None) -> Running:
        """Start `opencode-migrator WORDS` there; `first` is called in its process before anything else."""
        return Running(words, self._home.env(), self._home.path, first=partial(_enter, self._keeper, first))

    def run(self, *words: str | Path) -> Finished:
        with self.start(words) as running:
            return running.finished()

    def leave_free(self, directory: Path, bytes_: int) -> None:
        """Fill the file system of a directory, but for so many bytes."""
        free = os.statvfs(self.seen(directory))
        with (self.seen(directory) / _FILLER).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, free.f_bfree * free.f_frsize - bytes_))

    def free(self) -> None:
        for directory in self._directories:
            (self.seen(directory) / _FILLER).unlink(missing_ok=True)

    def copy_back(self) -> None:
        """Put into our own file system what is in these directories for the command; they are no mounts any more."""
        for directory in self._directories:
            copy, leave_out = directory.with_name("copy"), shutil.ignore_patterns(_FILLER)
            shutil.copytree(self.seen(directory), copy, symlinks=True, ignore=leave_out)
            shutil.rmtree(directory)
            copy.rename(directory)


@contextmanager
def small_disks(home: Home, bytes_: int, *directories: Path) -> Iterator[SmallDisks]:
    """Mount a file system of so many bytes at each of these directories of a home, with what is there now in it."""
    for directory in directories:
        directory.mkdir(parents=True, exist_ok=True)
    if shutil.which("unshare") is None:
        raise NotAvailable("nothing can be mounted here: unshare is not on PATH")
    mounts = " && ".join(f"mount -t tmpfs -o size={bytes_} none {directory}" for directory in directories)
    words = ["unshare", *(() if os.geteuid() == 0 else ("--map-root-user",)), "--mount"]
    with subprocess.Popen(
        [*words, "sh", "-c", f"{mounts} && echo mounted && exec cat"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as keeper:  # fmt: skip
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        if not keeper.stdout.readline():
            raise NotAvailable(f"nothing can be mounted here: {keeper.stderr.read().strip()}")
        disks = SmallDisks(home, keeper.pid, directories)
        try:
            for directory in directories:
                shutil.copytree(directory, disks.seen(directory), symlinks=True, dirs_exist_ok=True)
            yield disks
        finally:
            keeper.terminate()


def _enter(keeper: int, first: Callable[[], object] | None) -> None:
    libc, directory = ctypes.CDLL(None, use_errno=True), os.getcwd()
    for kind in ("user", "mnt") if os.geteuid() != 0 else ("mnt",):
        descriptor = os.open(f"/proc/{keeper}/ns/{kind}", os.O_RDONLY)
        if libc.setns(descriptor, 0):
            raise OSError(ctypes.get_errno(), f"setns {kind}")
        os.close(descriptor)
    os.chdir(directory)
    if first is not None:
        first()
