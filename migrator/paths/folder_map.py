"""Which path becomes which when folders move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.paths.forms import (
    can_move_below,
    comparable,
    is_within,
    last_name,
    move_below,
    names_of,
    normalise,
    upwards,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def renamed_folder(old: str, new: str) -> tuple[str, str] | None:
    """Return old and new path of the folder whose renaming makes the path `old` to `new`; None if the ends differ."""
    for before, after in zip(upwards(old), upwards(new), strict=False):
        if not names_of(before) or not names_of(after):
            return None
        if last_name(before) != last_name(after):
            return (before, after) if before != old else None
    return None


class FolderMap:
    """Folders that moved: each old path and its new one, all as `normalise` returns them.

    A path is mapped once, by the longest old path at or above it, so that chains (a to b, b to c) and swaps come out
    right. Paths are compared component by component: `/x/project-copy` is not below `/x/project`. A path that is
    spelled exactly as an old one comes first; else any spelling of the same name is one: another Unicode form, another
    form of a Windows path, and where the disk `ignores_case` another case. The folders in `staying` only have the name
    of an old one, and aren't mapped. Nor are paths that can't be at the new place: see `move_below`.
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
        return comparable(path).casefold() if self._ignores_case else comparable(path)

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
        nearest = self._nearest(path)
        if nearest is None and path.startswith("//"):  # what Windows calls a share is a folder to POSIX
            path = path[1:]
            nearest = self._nearest(path)
        if nearest is None or not can_move_below(path, *nearest):
            return None
        found = move_below(path, *nearest)
        return None if found == path else found

    def is_impossible(self, path: str) -> bool:
        r"""Tell whether a path stays since it can't be at the new place: Windows has no folder `a\b`."""
        path = normalise(path)
        nearest = self._nearest(path)
        return nearest is not None and not can_move_below(path, *nearest)

    def has_arrived(self, path: str) -> bool:
        """Tell whether a path stays only because it is in a new folder inside its own old one: a/b/x, for a to a/b."""
        nearest = self._nearest(normalise(path))
        return nearest is not None and self._name(nearest[0]) in self._arrived

    def old_path(self, path: str) -> str | None:
        """Return the path that becomes `path` when all folders move; None if none does."""
        for above in upwards(path):
            for old in self._olds.get(self._name(above), ()):
                if not can_move_below(path, above, old):
                    continue
                source = move_below(path, above, old)
                becomes = self.new_path(source)
                if becomes is not None and self._name(becomes) == self._name(path):
                    return source
        return path if self.new_path(path) is None else None
