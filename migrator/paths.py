"""Directories as strings, as the database stores them: many are gone or were never paths of this system.

Nothing here asks the disk.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def upwards(directory: str) -> Iterator[str]:
    """Yield a directory and all above it, ending with the root; for a relative path, with its first component."""
    yield directory
    while directory != "/" and (cut := directory.rfind("/")) >= 0:
        directory = directory[:cut] or "/"
        yield directory


def is_within(path: str, directory: str) -> bool:
    """Tell whether a path is `directory` or below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def expand_home(path: str, home: str) -> str:
    """Return a path with a leading `~` written out as `home`."""
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def path_below(directory: str, base: str) -> str:
    """Return what is left of a directory below `base`, "" for `base` itself."""
    return directory.rstrip("/")[len(base) :].lstrip("/")


def checkout_root(directory: str, path: str | None, known: Collection[str] = ()) -> str | None:
    """Return the top of the checkout that a session's directory was in, without looking at the disk: it may be gone.

    The `path` of the session's row says how far below the top the directory is. If it doesn't, the innermost of `known`
    that the directory is in is returned: tops that are on record. None if it is in none of them.

    Rows from before opencode 1.14 have no path. Those that opencode adopted when a repository appeared around them
    (1.2.27 to 1.18.34) still have the path from outside of it: the directory without its leading slash.
    """
    directory = directory.rstrip("/") or directory[:1]
    if path == "":
        return directory
    if path is not None and directory.endswith(f"/{path}") and (root := directory[: -len(path) - 1]):
        return root
    return next((above for above in upwards(directory) if above in known or f"{above}/" in known), None)


def normalise(path: str) -> str:
    """Return a path without a trailing slash, doubled slashes, `.` and `..`."""
    path = os.path.normpath(path)
    return path[1:] if path.startswith("//") else path


def move_below(path: str, old: str, new: str) -> str:
    """Return `path`, which is at or below `old`, with `old` replaced by `new`."""
    rest = path[len(old.rstrip("/")) :]
    return (new.rstrip("/") + rest).rstrip("/") or "/"


def renamed_folder(old: str, new: str) -> tuple[str, str] | None:
    """Return old and new path of the folder whose renaming makes the path `old` to `new`; None if the ends differ."""
    before, after = old.split("/"), new.split("/")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    folders = "/".join(before), "/".join(after)
    return folders if all(folders) and old != new and len(folders[0]) < len(old) else None


class FolderMap:
    """Folders that moved: each old path and its new one, all as `normalise` returns them.

    A path is mapped once, by the longest old path at or above it, so that chains (a to b, b to c) and swaps come out
    right. Paths are compared component by component: `/x/project-copy` is not below `/x/project`.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        self._new = dict(self.pairs)
        self._olds: dict[str, list[str]] = {}
        for old, new in self.pairs:
            self._olds.setdefault(new, []).insert(0, old)
            if new != old and is_within(new, old):
                # What is at the new place already must not go one level deeper each time the move is named.
                self._new.setdefault(new, new)

    def new_path(self, path: str) -> str | None:
        """Return the new path; None if the path stays the same."""
        path = normalise(path)
        for above in upwards(path):
            if (new := self._new.get(above)) is not None:
                found = move_below(path, above, new)
                return None if found == path else found
        return None

    def has_arrived(self, path: str) -> bool:
        """Tell whether a path stays only because it is in a new folder inside its own old one: a/b/x, for a to a/b."""
        path = normalise(path)
        nearest = next((above for above in upwards(path) if above in self._new), None)
        return nearest is not None and self._new[nearest] == nearest

    def old_path(self, path: str) -> str | None:
        """Return the path that becomes `path` when all folders move; None if none does."""
        for above in upwards(path):
            for old in self._olds.get(above, ()):
                source = move_below(path, above, old)
                if self.new_path(source) == path:
                    return source
        return path if self.new_path(path) is None else None
