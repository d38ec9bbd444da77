"""JSON as opencode stores it."""

from __future__ import annotations

import json


def stringify(value: object) -> str:
    """Write JSON as JSON.stringify does, so that what we change of a column is all that differs in it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
