"""What some tests need and not every machine has: an opencode from npm, a C compiler."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotAvailable(Exception):
    """What a test needs can't be had here; the message says why."""


def is_required() -> bool:
    """Tell whether what can't be had is a failure: $OPENCODE_MIGRATOR_REQUIRE_REAL=1."""
    return os.environ.get("OPENCODE_MIGRATOR_REQUIRE_REAL") == "1"


@contextmanager
def or_skipped(what: str) -> Iterator[None]:
    """Skip where `what` can't be had; fail where it is required."""
    try:
        yield
    except NotAvailable as reason:
        if is_required():
            pytest.fail(f"{what} is required: {reason}")
        pytest.skip(f"{what}: {reason}")
