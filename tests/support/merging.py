"""Another database for a home: one of its own channel, of another data directory, or what is left of a backup."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from migrator.operations.demo import load
from tests.support.home import FIXTURES, Home, checkpoint

if TYPE_CHECKING:
    from pathlib import Path


class OtherDatabase(Home):
    """The same home, where another database is asked for rows."""

    def __init__(self, home: Home, path: Path) -> None:
        super().__init__(home.path)
        self._path = path

    @property
    def database(self) -> Path:
        return self._path


def copied(home: Home, path: Path) -> OtherDatabase:
    """A copy of a home's database."""
    checkpoint(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(home.database, path)
    return OtherDatabase(home, path)


def built(home: Home, fixture: str, path: Path) -> OtherDatabase:
    """A database of a fixture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    load(FIXTURES / f"{fixture}.sql", path, home.path)
    return OtherDatabase(home, path)


def bytes_around(path: Path) -> dict[str, bytes]:
    """What is in a database and in the files beside it."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
