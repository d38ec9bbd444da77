"""Directories as strings, as the database stores them: many are gone or were never paths of this system.

Nothing here asks the disk.
"""

from __future__ import annotations

import os
import unicodedata
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


def composed(path: str) -> str:
    """Return a path in the composed Unicode form, NFC, in which `é` is one character; decomposed, in NFD, it is two.

    A Mac decomposes names where it stores or copies them, and to people both are one name. opencode stores and compares
    what the system says, in either form (seen with 1.18.34).
    """
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def same_name(one: str, other: str) -> bool:
    """Tell whether two paths are the same but for their Unicode form."""
    return one == other or composed(one) == composed(other)


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
    if not known:
        return None
    tops = {composed(top.rstrip("/") or "/") for top in known}
    return next((above for above in upwards(directory) if composed(above) in tops), None)


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
    right. Paths are compared component by component: `/x/project-copy` is not below `/x/project`. A path that is
    spelled exactly as an old one comes first; else another Unicode form is the same name, and where the disk
    `ignores_case` another case. The folders in `staying` only have the name of an old one, and aren't mapped.
    """

    def __init__(
        self, pairs: Iterable[tuple[str, str]], staying: Iterable[str] = (), *, ignores_case: bool = False
    ) -> None:
        self.pairs = tuple(pairs)
        self._ignores_case = ignores_case
        self._new = {**{path: path for path in staying}, **dict(self.pairs)}
        self._by_name: dict[str, str] = {}
        self._olds: dict[str, list[str]] = {}
        self._arrived: set[str] = set()
        for old, new in self.pairs:
            self._by_name.setdefault(self._name(old), new)
            self._olds.setdefault(self._name(new), []).insert(0, old)
            if new != old and is_within(self._name(new), self._name(old)) and self._new.setdefault(new, new) == new:
                # What is at the new place already must not go one level deeper each time the move is named.
                self._by_name.setdefault(self._name(new), new)
                self._arrived.add(self._name(new))
        self._arrived -= {self._name(old) for old, _ in self.pairs}

    def _name(self, path: str) -> str:
        return composed(path).casefold() if self._ignores_case else composed(path)

    def _nearest(self, path: str) -> tuple[str, str] | None:
        """Return the longest path at or above `path` that is mapped, as it is spelled there, and its new path."""
        for above in upwards(path):
            new = self._new.get(above)
            if new is None:
                new = self._by_name.get(self._name(above))
            if new is not None:
                return above, new
        return None

    def is_below(self, path: str, old: str) -> bool:
        """Tell whether a path is the old folder or below it, in any spelling of the same name."""
        return is_within(self._name(normalise(path)), self._name(old))

    def new_path(self, path: str) -> str | None:
        """Return the new path; None if the path stays the same."""
        path = normalise(path)
        if (nearest := self._nearest(path)) is None:
            return None
        found = move_below(path, *nearest)
        return None if found == path else found

    def has_arrived(self, path: str) -> bool:
        """Tell whether a path stays only because it is in a new folder inside its own old one: a/b/x, for a to a/b."""
        nearest = self._nearest(normalise(path))
        return nearest is not None and self._name(nearest[0]) in self._arrived

    def old_path(self, path: str) -> str | None:
        """Return the path that becomes `path` when all folders move; None if none does."""
        for above in upwards(path):
            for old in self._olds.get(self._name(above), ()):
                source = move_below(path, above, old)
                becomes = self.new_path(source)
                if becomes is not None and self._name(becomes) == self._name(path):
                    return source
        return path if self.new_path(path) is None else None
