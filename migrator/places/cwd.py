"""The current directory, which may have been deleted: people come here because they lost one."""

from __future__ import annotations

import os

from migrator.errors import NoSuchDirectory

_DELETED = " (deleted)"


def is_gone() -> bool:
    """Tell whether the current directory was deleted."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def current_directory(kernel: str = "/proc/self/cwd") -> str:
    """Return the absolute name of the current directory, or the one it had before it was deleted.

    `kernel` is the link in which Linux still knows it. Elsewhere it is what the shell calls it, unless that leads
    somewhere: then it is the name of something else. Raises NoSuchDirectory where nobody knows.
    """
    if not is_gone():
        return os.getcwd()
    try:
        known = os.readlink(kernel)
    except OSError:
        known = ""
    if known.startswith("/") and known.endswith(_DELETED):
        return known.removesuffix(_DELETED)
    named = os.path.normpath(os.environ.get("PWD") or ".")
    if os.path.isabs(named) and not os.path.lexists(named):
        return named
    raise NoSuchDirectory("The current directory does not exist any more, and nobody knows its name: give a whole path")
