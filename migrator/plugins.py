"""What third parties bring, by the entry points of their distributions."""

from __future__ import annotations

from typing import Any

from migrator.errors import MigratorError


def brought(group: str, what: str) -> list[Any]:
    """Make one of each class in an entry-point group, by name; `what` they are is for the error.

    Raises MigratorError where one can't be loaded.
    """
    from importlib.metadata import entry_points

    found = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            found.append(entry.load()())
        except Exception as error:
            raise MigratorError(
                f"The {what} {entry.name} ({entry.value}) can't be loaded: {error}; "
                "repair or uninstall the package that brings it.",
            ) from error
    return found
