"""The checkout that a session was in, told without looking at the disk: it may be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.paths import checkout_root, is_within
from migrator.places.checkout import GLOBAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Binding


def checkout_of(binding: Binding, roots: Iterable[str]) -> str | None:
    """Return the top of the checkout that a session was in; None outside any.

    The row's own `path` tells, or else the innermost of `roots`, the places known of its project, that the directory is
    in; else it is the directory itself.
    """
    if binding.project_id == GLOBAL:
        return None
    told = checkout_root(binding.directory, binding.path)
    if told is not None:
        return told
    directory = binding.directory.rstrip("/")
    above = (root.rstrip("/") for root in roots)
    return max((root for root in above if root and is_within(directory, root)), key=len, default=directory)


def path_below(directory: str, base: str) -> str:
    """Return what is left of a directory below `base`, "" for `base` itself."""
    return directory.rstrip("/")[len(base) :].lstrip("/")
