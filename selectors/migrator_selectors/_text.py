"""An option as the user typed it, and an SQL condition that several selectors share."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from migrator.selection import Clause
from migrator.text import shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterable

# `~`, `*` and `?` stay bare, though a shell may expand them: `--from-dir ~/src/opencode*` is how people read it.
_BARE = re.compile(r"[\w@%+=:,./~*?^-]+")


def option_text(option: str, value: str) -> str:
    """Return `option value` as a person would type it: quoted for the shell only where needed."""
    return f"{option} {value if _BARE.fullmatch(value) else shell_quote(value)}"


def among(column: str, values: Iterable[str]) -> Clause:
    """Return the condition that `column` is one of `values`; one parameter, however many values there are."""
    listed = "(SELECT value FROM json_each(?))"
    return Clause(f"{column} IN {listed}", (json.dumps(list(values)),))
