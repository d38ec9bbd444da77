"""An option as the user typed it, and SQL conditions that several selectors share."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from migrator.selection import Clause

if TYPE_CHECKING:
    from collections.abc import Iterable

# `~`, `*` and `?` stay bare, though a shell may expand them: `--from-dir ~/src/opencode*` is how people read it.
_BARE = re.compile(r"[\w@%+=:,./~*?^-]+")

_LISTED = "(SELECT value FROM json_each(?))"


def option_text(option: str, value: str) -> str:
    """Return `option value` as a person would type it: quoted for the shell only where needed."""
    return f"{option} {value if _BARE.fullmatch(value) else shlex.quote(value)}"


def among(column: str, values: Iterable[str]) -> Clause:
    """Return the condition that `column` is one of `values`; one parameter, however many values there are."""
    return Clause(f"{column} IN {_LISTED}", (json.dumps(list(values)),))


def not_among(column: str, values: Iterable[str]) -> Clause:
    """Return the condition that `column` is none of `values`."""
    return Clause(f"{column} NOT IN {_LISTED}", (json.dumps(list(values)),))
