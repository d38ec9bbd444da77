"""SQLite's own checks of a whole file, which read all of it, and can be stopped at once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from migrator.progress import doing
from migrator.store.connection import connect, translate_errors
from migrator.text import size_text

if TYPE_CHECKING:
    from pathlib import Path

_AGAIN_SECONDS = 0.05


def check(path: Path, pragma: str) -> list[tuple[Any, ...]]:
    """Return the rows of `integrity_check` or `foreign_key_check`. Raises MigratorError if it can't run.

    It has a thread and a connection of its own: SQLite 3.40.1 calls nobody while it checks, and only another thread can
    stop it.
    """
    opened: list[sqlite3.Connection] = []

    def run() -> list[tuple[Any, ...]]:
        connection = connect(path, write=False)
        opened.append(connection)
        try:
            return connection.execute(f"PRAGMA {pragma}").fetchall()
        finally:
            connection.close()

    what = f"Running {pragma} on {size_text(path.stat().st_size)} (--quick leaves it out)"
    with doing(what), ThreadPoolExecutor(1) as thread, translate_errors(path):
        running = thread.submit(run)
        try:
            return running.result()
        except BaseException:
            while wait([running], _AGAIN_SECONDS).not_done:
                with suppress(sqlite3.ProgrammingError):  # it is closed just now
                    for connection in opened:
                        connection.interrupt()
            raise
