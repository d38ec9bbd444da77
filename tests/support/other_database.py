"""A database beside that of a home, as of another release channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.home import Home, build_home

if TYPE_CHECKING:
    from pathlib import Path


def database_beside(home: Home, name: str = "opencode-dev.db", fixture: str = "1.18.34") -> Home:
    """A home whose database is beside that of another, without sessions."""
    other = build_home(home.path / f"home of {name}", fixture)
    other.empty()
    path = home.database.with_name(name)
    other.database.rename(path)
    return _Beside(other.path, path)


class _Beside(Home):
    """A database that isn't where opencode keeps its own."""

    def __init__(self, path: Path, database: Path) -> None:
        super().__init__(path)
        self._database = database

    @property
    def database(self) -> Path:
        return self._database
