"""Directories as strings, as the database stores them: many are gone or were never paths of this system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def upwards(directory: str) -> Iterator[str]:
    """Yield a directory and everything above it, the root last; of a relative one down to its first component."""
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

    The `path` of the session's row says how far below the top the directory is. It says nothing in rows from before
    opencode 1.14, and in those that opencode adopted when a repository appeared around them (1.2.27 to 1.18.34), whose
    path is still that outside of any repository, the directory without its leading slash. Then it is the innermost of
    `known`, the tops that are on record, which the directory is in; None if it is in none of them.
    """
    directory = directory.rstrip("/") or directory[:1]
    if path == "":
        return directory
    if path is not None and directory.endswith(f"/{path}") and (root := directory[: -len(path) - 1]):
        return root
    tops = {top.rstrip("/") or "/" for top in known if top}
    return next((above for above in upwards(directory) if above in tops), None)
