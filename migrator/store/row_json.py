"""JSON in rows: what whoever wrote the database put there is decoded, bounded in size and depth; ours is written."""

from __future__ import annotations

import json
import math
from typing import Any

_LONGEST = 1 << 26
"""The longest text that is decoded, 64 MB: the largest that opencode stores are diffs of a few."""


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(number: str) -> float:
    if math.isinf(value := float(number)):
        raise ValueError(number)
    return value


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
"""It refuses NaN and Infinity, which Python's reads: to opencode and SQLite they are no JSON.

So does it 1e400, which it would write as Infinity.
"""


class OddText(str):
    """Text from bytes that aren't UTF-8, with those replaced: only to be shown."""

    __slots__ = ()

    @classmethod
    def read(cls, raw: bytes) -> str:
        """Return the text of these bytes, as SQLite gives them."""
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return cls(raw.decode(errors="replace"))


def decode(text: object) -> Any:
    """Return what a value from a row says, None where it can't be read: no text, no JSON, too long or nested too deep.

    Python's decoder gives up a little below 1,000 levels, SQLite's at 1,000 or 2,000.
    """
    if not isinstance(text, str) or isinstance(text, OddText) or len(text) > _LONGEST:
        return None
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def stringify(value: object) -> str:
    """Write JSON as JSON.stringify does, so that what we change of a column is all that differs in it.

    A blob becomes its `repr`: opencode keeps none in the tables whose rows are written like this.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=repr)


def paths(text: object) -> list[str] | None:
    """Return what a JSON array of paths says; None where it is none."""
    value = decode(text)
    return value if isinstance(value, list) and all(map(_is_path, value)) else None


def _is_path(value: object) -> bool:
    """Tell whether a value is a text that the disk could be asked about."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
