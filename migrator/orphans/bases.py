"""The checkout that a session was in, told without looking at the disk: it may be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.directories import is_within
from migrator.places.checkout import GLOBAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Binding


def checkout_of(binding: Binding, roots: Iterable[str]) -> str | None:
    """Return the top of the checkout that a session was in; None outside any.

    The row's own `path` says how far below the top it was, unless it begins at "/", as it stays after opencode adopted
    the session into a repository. Else it is the innermost of `roots`, the places known of its project, that the
    directory is in; else the directory itself.
    """
    if binding.project_id == GLOBAL:
        return None
    directory, path = binding.directory.rstrip("/"), binding.path
    if path == "":
        return directory
    if path is not None and directory.endswith("/" + path) and len(directory) > len(path) + 1:
        return directory[: -len(path) - 1]
    above = (root.rstrip("/") for root in roots)
    return max((root for root in above if root and is_within(directory, root)), key=len, default=directory)


def below(directory: str, base: str) -> str:
    """Return what is left of a directory below `base`, "" for `base` itself."""
    return directory.rstrip("/")[len(base) :].lstrip("/")
