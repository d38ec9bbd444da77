"""The current directory, which may have been deleted: people come here because they lost one."""

from __future__ import annotations

import os

from migrator.errors import NoSuchDirectory

_DELETED = " (deleted)"


def is_deleted() -> bool:
    """Tell whether the current directory was deleted."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def current_directory(kernel: str = "/proc/self/cwd") -> str:
    """Return the absolute name of the current directory, or the one it had before it was deleted.

    `kernel` is the link in which Linux keeps that name. Elsewhere PWD, which the shell sets, has it; if there is
    something at PWD, that is another directory. Raises NoSuchDirectory if nobody knows the name.
    """
    if not is_deleted():
        return os.getcwd()
    try:
        by_kernel = os.readlink(kernel)
    except OSError:
        by_kernel = ""
    if by_kernel.startswith("/") and by_kernel.endswith(_DELETED):
        return by_kernel.removesuffix(_DELETED)
    by_shell = os.path.normpath(os.environ.get("PWD") or ".")
    if os.path.isabs(by_shell) and not os.path.lexists(by_shell):
        return by_shell
    raise NoSuchDirectory(
        "The current directory does not exist any more, and nobody knows its name: give a whole path."
    )
