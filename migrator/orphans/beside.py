"""The folders beside one that is missing: it may be one of them now, under another name. Each is looked at once."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.status import names_in
from migrator.errors import CantTell
from migrator.paths import is_of_this_system, trimmed
from migrator.places import git_worktrees
from migrator.places.checkout import kept_project_id
from migrator.places.small_files import real_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Beside:
    """What is beside missing folders, as it was when it was first asked for."""

    def __init__(self) -> None:
        self.checkouts = cache(self._checkouts)
        self.kept_id = cache(read_kept_id)
        self._directories_in = cache(_directories_in)
        self._is_real_checkout = cache(lambda folder: _is_real(folder) and os.path.lexists(f"{folder}/.git"))

    def _checkouts(self, root: str) -> Sequence[str]:
        """Return the git checkouts among `folders`, as far as these can be listed."""
        with suppress(CantTell):
            return tuple(filter(self._is_real_checkout, self._named(root)))
        return ()

    def folders(self, missing: str) -> Iterator[str]:
        """Yield the directories that `missing` may be called now if one component of its path was renamed.

        Raises CantTell if they can't be listed.
        """
        return filter(_is_real, self._named(missing))

    def _named(self, missing: str) -> Iterator[str]:
        above, names, below = self.renamed_component(missing)
        return (os.path.join(above, name, *below) for name in names)

    def renamed_component(self, missing: str) -> tuple[str, Sequence[str], Sequence[str]]:
        """Return the directory in which a component of a path was renamed, the directories in it, and what is below.

        The renamed component is the topmost missing one; if none is missing, the last. The directories leave it out.
        Raises CantTell if they can't be listed.
        """
        if not is_of_this_system(missing):
            return missing, (), ()
        above, name = os.path.split(trimmed(missing))
        below: list[str] = []
        while above and not os.path.isdir(above):
            below.insert(0, name)
            above, name = os.path.split(above)
        above, names = self._directories_in(above)
        return above, [other for other in names if other != name], below


def _directories_in(above: str) -> tuple[str, Sequence[str]]:
    above = real_path(above)
    return above, [name for name in names_in(above) if os.path.isdir(os.path.join(above, name))]


def _is_real(folder: str) -> bool:
    return os.path.isdir(folder) and real_path(folder) == folder


def read_kept_id(top: str) -> str | None:
    """Return the id kept in a checkout; None also if it may not be read, since then nobody can tell what it is."""
    link = git_worktrees.worktree_link(top)
    with suppress(CantTell):
        return kept_project_id(link.common) if link else None
    return None
