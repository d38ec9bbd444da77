"""Measuring one whole process, from its start to its end, as a user waits for it."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall and processor time in seconds, and the largest resident size in megabytes (10^6 bytes)."""

    seconds: float
    processor: float
    megabytes: float


def measure(words: Sequence[str | Path], environ: Mapping[str, str], stdin: str = "") -> Measured:
    """Run a command to its end; RuntimeError with what it printed where it fails."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as feed:
        feed.write(stdin)  # a script fits into a pipe's buffer
    start = time.perf_counter()
    with subprocess.Popen(
        words, stdin=read_end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ
    ) as process:
        os.close(read_end)
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words} ended with {process.returncode}:\n{printed.decode()}")
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def own_megabytes() -> float:
    """Return this process's largest resident size, below which `measure` can't tell: a child starts as its copy."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
