"""The last runs in a line each, read without a lock and without a check: for a shell, while somebody types."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from migrator.state_dir import runs_directories

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 50
"""How many runs there are at most, the newest ones."""


class _Row(NamedTuple):
    """What is told of a run; `partial` says that an undo left sessions out."""

    command: str
    status: str
    undoes: str | None
    partial: bool
    number: int


def run_summaries() -> Iterator[tuple[str, str]]:
    """Yield the id of each run, newest first, and what it did; "" where its journal can't be read at once."""
    found: dict[str, str] = {}
    for folder in runs_directories(None):
        with suppress(OSError):
            found |= {
                name.removesuffix(".db"): f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".db")
            }
    rows: dict[str, _Row] = {}
    for id_ in sorted(found, reverse=True)[:LIMIT]:
        rows[id_] = _Row("", "", None, False, 0)
        with suppress(sqlite3.Error):
            rows[id_] = _row(found[id_])
    undone = _undone(rows)
    for id_, (command, status, *_) in rows.items():
        status = "undone" if id_ in undone else status  # noqa: PLW2901 - as the log calls it
        yield id_, f"{command.removeprefix('opencode-migrator ')} ({status})" if command or status else ""


def _undone(rows: dict[str, _Row]) -> set[str]:
    """Return the runs that the last undo or redo doesn't hold; none where sessions were left out."""
    families: dict[str, list[list[str]]] = {}
    in_part = set()
    for id_, row in sorted(rows.items(), key=lambda item: (item[1].number, item[0]), reverse=True):
        if row.status != "applied":
            continue
        chain = [id_]
        while (before := rows[chain[-1]].undoes if chain[-1] in rows else None) and before not in chain:
            chain.append(before)
        families.setdefault(chain[-1], []).append(chain)
        if row.partial and len(chain) > 1:
            in_part.add(chain[-1])
    return {
        chain[0]
        for root, chains in families.items()
        for chain in chains
        if root not in in_part and chain[0] not in chains[0][::2]
    }


def _row(path: str) -> _Row:
    # An open log means that the run goes on or was cut off; immutable makes no file beside the journal.
    in_use = os.path.exists(f"{path}-wal") and os.path.getsize(f"{path}-wal")
    uri = f"file:{quote(path)}?mode=ro{'' if in_use else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
        connection.row_factory = sqlite3.Row
        run = dict(connection.execute("SELECT * FROM run").fetchone() or {})
    texts = (str(run.get("command", "")), str(run.get("status", "")))
    undoes, number = str(run.get("undoes") or "") or None, run.get("number")
    return _Row(*texts, undoes, bool(run.get("partial")), number if isinstance(number, int) else 0)
