"""JSON in the database: as opencode stores it, and as a parameter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def stringify(value: object) -> str:
    """Write JSON as JSON.stringify does, so that what we change of a column is all that differs in it.

    A blob becomes its `repr`: opencode keeps none in the tables whose rows are written like this.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=repr)


def array_of(ids: Iterable[str]) -> str:
    """Return ids as the one parameter of `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(ids))
