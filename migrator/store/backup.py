"""A copy of the database before the first write, by SQLite's backup API: a plain copy would miss the WAL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migrator.store.reader import Store


def back_up(store: Store, target: Path, progress: Callable[[], None]) -> None:
    """Copy the database to a new file that only its owner can read, since it holds whole conversations.

    `progress` is called after every thousand pages.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise MigratorError(f"{target} exists already; name a new file for --backup.") from None
    except OSError as error:
        raise MigratorError(f"The backup {target} can't be written: {error.strerror}.") from error
    try:
        with closing(sqlite3.connect(target)) as copy:
            store.connection.backup(copy, pages=1000, progress=lambda *_: progress())
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise MigratorError(f"The backup {target} can't be written ({error}); nothing was moved.") from error
        raise
