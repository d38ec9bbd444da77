"""What third parties bring, by the entry points of their distributions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def load_plugins(group: str, what: str) -> list[Any]:
    """Make one of each class in an entry-point group, by name; `what` they are is for the error.

    Raises MigratorError where one can't be loaded.
    """
    found = []
    for entry in _entries(group):
        try:
            found.append(entry.load()())
        except Exception as error:
            raise MigratorError(
                f"The {what} {entry.name} ({entry.value}) can't be loaded: {error}; "
                "repair or uninstall the package that brings it.",
            ) from error
    return found


@cache
def _entries(group: str) -> list[EntryPoint]:
    """Return the entry points of a group by name; nobody installs a distribution while we run."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group), key=lambda entry: entry.name)
