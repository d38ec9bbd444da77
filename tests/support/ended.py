"""The end of a process that is not a child of the tests."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

PATIENCE_SECONDS = 60


def wait_until_ended(pid: int) -> None:
    """Wait until a process is gone, or waits only for its parent to notice; one that goes on is killed, and fails."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"it goes on: {process}")
            time.sleep(0.01)
