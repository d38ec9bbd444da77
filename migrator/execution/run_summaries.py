"""The last runs in a line each, read without a lock and without a check: for a shell, while somebody types."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from migrator.disk.status import status_of
from migrator.errors import CantTell
from migrator.execution.undone import taken_back
from migrator.state_dir import runs_directories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 50
"""How many runs there are at most, the newest ones."""


class _Row(NamedTuple):
    """What is told of a run, and where its journal is; `partial` says that an undo left sessions out."""

    id: str
    path: str
    command: str = ""
    status: str = ""
    undoes: str | None = None
    partial: bool = False
    number: int = 0


def run_summaries() -> Iterator[tuple[str, str]]:
    """Yield the id of each run, newest first, and what it did; "" where its journal can't be read at once."""
    found: dict[str, str] = {}
    for folder in runs_directories(None):
        with suppress(OSError):
            found |= {
                name.removesuffix(".db"): f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".db")
            }
    rows = [_row(id_, found[id_]) for id_ in sorted(found, reverse=True)[:LIMIT]]
    undone: Mapping[str, str] = {}
    with suppress(sqlite3.Error, CantTell):
        undone = taken_back(sorted(rows, key=lambda row: (row.number, row.id)), _sessions).by
    for row in rows:
        status = "undone" if row.id in undone else row.status  # as the log calls it
        yield row.id, f"{row.command.removeprefix('opencode-migrator ')} ({status})" * bool(row.status)


def _row(id_: str, path: str) -> _Row:
    try:
        with _open(path) as connection:
            run = dict(connection.execute("SELECT * FROM run").fetchone() or {})
    except (sqlite3.Error, CantTell):
        return _Row(id_, path)
    texts = (str(run.get("command", "")), str(run.get("status", "")))
    undoes, number = str(run.get("undoes") or "") or None, run.get("number")
    return _Row(id_, path, *texts, undoes, bool(run.get("partial")), number if isinstance(number, int) else 0)


def _sessions(row: _Row) -> list[str]:
    with _open(row.path) as connection:
        return [id_ for (id_,) in connection.execute("SELECT session FROM change")]


@contextmanager
def _open(path: str) -> Iterator[sqlite3.Connection]:
    # An open log means that the run goes on or was cut off; immutable makes no file beside the journal.
    log = status_of(f"{path}-wal")
    in_use = log is not None and log.st_size > 0
    uri = f"file:{quote(path)}?mode=ro{'' if in_use else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection
