"""Things that take so long to make that the processes of one test run make them once for all of them."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

T = TypeVar("T")


def once(name: str, make: Callable[[], T], temporary: pytest.TempPathFactory) -> T:
    """What `make` returns, made by the first process that asks; the others wait, and are given a copy.

    A module's fixture is made by each process of pytest-xdist that is given one of its tests. A failure isn't kept.
    """
    base = temporary.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"{name}.pickle"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            made = make()
            kept.write_bytes(pickle.dumps(made))
            return made
        copy: T = pickle.loads(kept.read_bytes())
        return copy
