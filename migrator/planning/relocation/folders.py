"""Folders that moved: which path becomes which. Pure text, component by component; the disk is not asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.paths import is_within, upwards

if TYPE_CHECKING:
    from collections.abc import Iterable


class Folders:
    """Old paths and the new one of each, all as `normal` returns them.

    A path is mapped once, by the longest old path at or above it, so that chains and swaps are what they say.
    `/x/project-copy` is not below `/x/project`.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        self._new = dict(self.pairs)
        self._olds: dict[str, list[str]] = {}
        for old, new in self.pairs:
            self._olds.setdefault(new, []).insert(0, old)
            if new != old and is_within(new, old):
                # What is at the new place already must not go one level deeper each time it is said.
                self._new.setdefault(new, new)

    def mapped(self, path: str) -> str | None:
        """Return what a path becomes; None where it stays what it is."""
        path = normalise(path)
        for above in upwards(path):
            if (new := self._new.get(above)) is not None:
                found = move_below(path, above, new)
                return None if found == path else found
        return None

    def arrived(self, path: str) -> bool:
        """Tell whether a path is below an old folder and stays because it is at the new one, which lies in it."""
        path = normalise(path)
        nearest = next((above for above in upwards(path) if above in self._new), None)
        return nearest is not None and self._new[nearest] == nearest

    def origin(self, path: str) -> str | None:
        """Return what becomes `path` when all folders are moved; None where nothing does."""
        for above in upwards(path):
            for old in self._olds.get(above, ()):
                source = move_below(path, above, old)
                if self.mapped(source) == path:
                    return source
        return path if self.mapped(path) is None else None


def normalise(path: str) -> str:
    """Return a path without a trailing slash, doubled slashes, `.` and `..`."""
    path = os.path.normpath(path)
    return path[1:] if path.startswith("//") else path


def move_below(path: str, old: str, new: str) -> str:
    """Return the path below `new` that is what `path` is below `old`."""
    rest = path[len(old.rstrip("/")) :]
    return (new.rstrip("/") + rest).rstrip("/") or "/"
