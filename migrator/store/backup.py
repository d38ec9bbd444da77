"""A copy of the database before the first write, by SQLite's backup API: a plain copy would miss the WAL."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migrator.store.reader import Store


_PAGES = 1000


def back_up(store: Store, target: Path, copying: Callable[[], None] = lambda: None) -> None:
    """Copy the database to a new file that only its owner can read; it holds whole conversations.

    `copying` is called now and then.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise MigratorError(f"{target} exists already; name a new file for --backup.") from None
    except OSError as error:
        raise MigratorError(f"The backup {target} can't be written: {error.strerror}.") from error
    try:
        copy = sqlite3.connect(target)
        try:
            store.connection.backup(copy, pages=_PAGES, progress=lambda *_: copying())
        finally:
            copy.close()
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise MigratorError(f"The backup {target} can't be written ({error}); nothing was moved.") from error
        raise
