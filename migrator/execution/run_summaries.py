"""The last runs in a line each, read without a lock and without a check: for a shell, while somebody types."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from migrator.state_dir import runs_directories

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 50
"""How many runs there are at most, the newest ones."""


def run_summaries() -> Iterator[tuple[str, str]]:
    """Yield the id of each run, newest first, and what it did; "" where its journal can't be read at once."""
    found: dict[str, str] = {}
    for folder in runs_directories(None):
        with suppress(OSError):
            found |= {
                name.removesuffix(".db"): f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".db")
            }
    for id_ in sorted(found, reverse=True)[:LIMIT]:
        with suppress(sqlite3.Error):
            yield id_, _summary(found[id_])
            continue
        yield id_, ""


def _summary(path: str) -> str:
    # An open log means that the run goes on or was cut off; immutable makes no file beside the journal.
    in_use = os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal")
    uri = f"file:{quote(path)}?mode=ro{'' if in_use else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
        command, status = connection.execute("SELECT command, status FROM run").fetchone() or ("", "")
    return f"{str(command).removeprefix('opencode-migrator ')} ({status})"
