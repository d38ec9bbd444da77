"""Our command, and the gits that it starts, with a library preloaded that strikes at one of their file system calls.

The library, preload.c, stands in front of libc's functions. A signal that a tracer injects into pwrite64 was seen to
kill nothing, so every strike is counted where it is made, and tests/torture/test_preloaded.py shows what each does.
"""

from __future__ import annotations

import atexit
import ctypes
import errno
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import forked
from tests.support.required import NotAvailable

if TYPE_CHECKING:
    from tests.support.forked import Finished
    from tests.support.home import Home

_SOURCE = Path(__file__).with_name("preload.c")
_ORDERS = struct.Struct("=qqqqqq1024s1024s")
"""`struct orders` of preload.c."""


class Deed(IntEnum):
    """What is done at a call: the process dies before it, or in the middle of a write, or the call fails."""

    KILL = -1
    TEAR = -2
    EIO = errno.EIO
    ENOSPC = errno.ENOSPC


class Calls(IntFlag):
    """Which calls are counted: opening and reading; what needs room on the disk; syncs, removals and the like."""

    READS = 1
    NEED_ROOM = 2
    CHANGES = 4
    WRITES = NEED_ROOM | CHANGES
    ALL = READS | WRITES


@dataclass(frozen=True)
class Strike:
    """`deed` at the call with this number, counted from 1, among calls on files below a directory; 0 only counts.

    `always`: at every call from there on. The calls of our command and of its gits are counted together.
    """

    at: int
    deed: Deed = Deed.KILL
    calls: Calls = Calls.ALL
    always: bool = False
    below: str = ""


@dataclass(frozen=True)
class Struck:
    """How a command ended, how many calls it made, and the one at which the deed was done, as in "write /home/x/y"."""

    done: Finished
    calls: int
    where: str


def run(home: Home, *words: str | Path, strike: Strike = Strike(0), record: Path | None = None) -> Struck:
    """Run `opencode-migrator WORDS` with a strike; what it writes in the home is written down in `record`.

    Raises NotAvailable.
    """
    with tempfile.NamedTemporaryFile() as orders:
        below = (strike.below or str(home.path)).encode()
        orders.write(_ORDERS.pack(strike.at, strike.always, strike.deed, strike.calls, 0, 0, below, b""))
        orders.flush()
        environ = {**home.env(), "LD_PRELOAD": str(_library()), "TORTURE_ORDERS": orders.name}
        if record is not None:
            environ["TORTURE_RECORD"] = str(record)
        done = _preloaded().submit(forked.run, [*map(str, words)], environ, home.path, "", _arm).result()
        orders.seek(0)
        *_, calls, _, _, where = _ORDERS.unpack(orders.read())
    return Struck(done, calls, where.rstrip(b"\0").decode())


def _arm() -> None:
    ctypes.CDLL(None).torture_arm()


@cache
def _preloaded() -> ProcessPoolExecutor:
    """Return a process that has the library, as has the server that it forks our commands from."""
    before = os.environ.get("LD_PRELOAD")
    os.environ["LD_PRELOAD"] = str(_library())
    try:
        process = ProcessPoolExecutor(1, get_context("spawn"))
        process.submit(os.getpid).result()
    finally:
        del os.environ["LD_PRELOAD"]
        if before is not None:
            os.environ["LD_PRELOAD"] = before
    return process


@cache
def _library() -> Path:
    """Compile the library. Raises NotAvailable."""
    if sys.platform != "linux":
        raise NotAvailable("calls can be struck on Linux only")
    if (compiler := shutil.which("cc")) is None:
        raise NotAvailable("there is no C compiler: install gcc, so that `cc` is found")
    directory = tempfile.mkdtemp(prefix="torture-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    library = Path(directory, "preload.so")
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Wno-format-truncation",
        "-o",
        str(library),
        str(_SOURCE),
        "-ldl",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotAvailable(f"cc can't compile preload.c: {done.stderr}")
    return library
