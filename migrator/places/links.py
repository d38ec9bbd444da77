"""The two links between a repository and each of its linked worktrees, read without git and never written.

`WORKTREE/.git` is a file with the path of `COMMON/worktrees/ID`, where the file `gitdir` has the path back. A plain
`mv` breaks one of them, or both; `git worktree repair` mends them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class GitLink(NamedTuple):
    """One linked worktree as the files say: its top level, and the directory that its repository keeps of it."""

    worktree: str
    administration: str

    @property
    def repository(self) -> str:
        """Where a command for the whole repository can be run: its main worktree, or the repository itself if bare."""
        common = Path(self.administration).parent.parent
        return str(common.parent if common.name == ".git" else common)


def read_gitdir(worktree: str) -> GitLink | None:
    """Return what `.git` in a linked worktree says; None where it says something else, as in a submodule."""
    said = _read(Path(worktree, ".git"))
    if not said.startswith("gitdir: "):
        return None
    administration = _joined(worktree, said.removeprefix("gitdir: "))
    return GitLink(worktree, administration) if re.search(r"/worktrees/[^/]+\Z", administration) else None


def read_backlink(administration: str) -> GitLink | None:
    """Return what a repository's own record of a linked worktree says."""
    said = _read(Path(administration, "gitdir"))
    return GitLink(str(Path(_joined(administration, said)).parent), administration) if said else None


def linked_worktree(main: str) -> Iterator[GitLink]:
    """Yield the linked worktrees that the repository with `.git` in `main` has records of."""
    try:
        records = sorted(Path(main, ".git", "worktrees").iterdir())
    except OSError:
        return
    for record in records:
        if link := read_backlink(str(record)):
            yield link


def is_relative(path: str) -> bool:
    """Tell whether a link file holds a relative path, which git 2.48 and later can write."""
    said = _read(Path(path)).removeprefix("gitdir: ")
    return bool(said) and not said.startswith("/")


def _joined(directory: str, path: str) -> str:
    return os.path.normpath(os.path.join(directory, path))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape").strip("\r\n")
    except OSError:
        return ""
