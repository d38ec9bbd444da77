"""JSON in the database: as opencode stores it, and as a parameter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def stringify(value: object) -> str:
    """Write JSON as JSON.stringify does, so that what we change of a column is all that differs in it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def row_json(row: Mapping[str, Any]) -> str:
    """Return a row as the text of a JSON object; opencode keeps no blobs in the tables this is for."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False, default=repr)


def array_of(ids: Iterable[str]) -> str:
    """Return ids as the one parameter of `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(ids))
