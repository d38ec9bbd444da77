"""Root without its power to ignore file permissions, so that these tests need nobody else's account.

Another user could often not even enter the directory that the tests lie in.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from migrator.disk.system import user
from tests.support import forked
from tests.support.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.forked import Finished

_POWERS = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
_VERSION = 0x20080522
_PR_CAPBSET_DROP = 24
_CAPABILITIES = ctypes.c_uint32 * 6
"""Effective, permitted and inheritable ones, in the order of the kernel, each with its upper half three further on."""

NOBODY = 65534
"""A user who owns nothing that a test makes."""

only_root_can = pytest.mark.skipif(user() != 0, reason="only root can give a repository to somebody else")


def is_root() -> bool:
    """Tell whether permissions don't apply here, and skip the test if they can't be made to."""
    if user() == 0 and sys.platform != "linux":
        pytest.skip("root can give up its powers on Linux only")
    return user() == 0


@contextmanager
def without_root_powers() -> Iterator[None]:
    """Let file permissions apply to this thread for a while; programs that it starts have root's powers again."""
    if not is_root():
        yield
        return
    before = _capabilities()
    _set_capabilities(_without_powers(before, 0))
    try:
        yield
    finally:
        _set_capabilities(before)


def give_up_root_powers() -> None:
    """Let file permissions apply to this process, and to the programs that it starts, from now on."""
    if not is_root():
        return
    for power in _POWERS:  # of what it starts; where even this isn't allowed, that keeps them
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, power, 0, 0, 0)
    _set_capabilities(_without_powers(_capabilities(), 0, 1, 2))


class UnprivilegedHome(Home):
    """The home of a user to whom file permissions apply, whoever runs the tests."""

    def run(self, *words: str | Path, cwd: Path | None = None, stdin: str | None = None) -> Finished:
        return forked.run([*map(str, words)], self.env(), cwd or self.path, stdin or "", first=give_up_root_powers)


def _without_powers(capabilities: list[int], *sets: int) -> list[int]:
    mask = sum(1 << power for power in _POWERS)
    return [value & ~mask if at in sets else value for at, value in enumerate(capabilities)]


def _capabilities() -> list[int]:
    found = _CAPABILITIES()
    assert ctypes.CDLL(None).capget(ctypes.byref((ctypes.c_uint32 * 2)(_VERSION, 0)), found) == 0
    return list(found)


def _set_capabilities(values: list[int]) -> None:
    assert ctypes.CDLL(None).capset(ctypes.byref((ctypes.c_uint32 * 2)(_VERSION, 0)), _CAPABILITIES(*values)) == 0
