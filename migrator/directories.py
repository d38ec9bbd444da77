"""Directories as strings, as the database stores them: many are gone or were never paths of this system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def upwards(directory: str) -> Iterator[str]:
    """Yield a directory and everything above it, the root last; of a relative one down to its first component."""
    yield directory
    while directory != "/" and (cut := directory.rfind("/")) >= 0:
        directory = directory[:cut] or "/"
        yield directory


def is_within(path: str, directory: str) -> bool:
    """Tell whether a path is `directory` or below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")
