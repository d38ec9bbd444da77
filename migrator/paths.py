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


def checkout_root(directory: str, path: str | None) -> str | None:
    """Return the top of the checkout that a session's directory was in, as the `path` of its row tells how far up.

    None where it tells nothing: in rows from before opencode 1.14, and in those that opencode adopted when a repository
    appeared around them (1.2.27 to 1.18.34), whose path is still that outside of any, the directory without its leading
    slash.
    """
    directory = directory.rstrip("/") or "/"
    if path == "":
        return directory
    if path is None or not directory.endswith(f"/{path}"):
        return None
    return directory[: -len(path) - 1] or None
