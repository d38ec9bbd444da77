"""opencode's data directory, and the names by which opencode opens its databases there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATABASE = re.compile(r"opencode(?:-(.*))?\.db", re.IGNORECASE | re.DOTALL)
"""`opencode.db`, and `opencode-CHANNEL.db` of a release channel; on some disks they are the same in upper case."""


def data_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return opencode's data directory; an empty XDG_DATA_HOME counts as unset."""
    base = environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
    return Path(base) / "opencode"


def channel_named(name: str) -> str | None:
    """Return the channel whose database has this file name, `latest` for `opencode.db`; None for any other name."""
    found = _DATABASE.fullmatch(name)
    return found and (found[1] or "latest")


def data_directory_of(database: Path) -> Path:
    """Return the data directory that belongs to a database: where that is, if files of opencode's are beside it."""
    beside = database.parent
    is_one = any((beside / name).is_dir() for name in ("snapshot", "storage", "tool-output"))
    return beside if is_one else data_directory()


def is_opened_by_opencode(file: Path) -> bool:
    """Tell whether opencode opens a file of this real path as its database, which it makes if it isn't there."""
    named = os.environ.get("OPENCODE_DB")
    if named and os.path.realpath(data_directory() / named) == str(file):
        return True
    return _DATABASE.fullmatch(file.name) is not None and os.path.realpath(data_directory()) == str(file.parent)
