"""What `make test` leaves to `make test-all`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet


def long_round(*values: object) -> ParameterSet:
    """Return a set of parameters with which a test belongs to the long rounds."""
    return pytest.param(*values, marks=pytest.mark.long)
