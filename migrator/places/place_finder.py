"""From a directory to what opencode makes of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError, NoSuchDirectory
from migrator.model import Place
from migrator.places import git, hg
from migrator.places.checkout import NO_CHECKOUT, Checkout, ProjectIdScheme, own_project
from migrator.places.cwd import is_gone

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT_ONCE = 16
"""How many threads wait for git: it reads a few files each time, and is waited for rather than computed with."""


class _Marked(NamedTuple):
    """A directory that holds the mark of a repository, `.hg` or `.git`."""

    directory: str
    is_hg: bool = False


class Places:
    """Finds places, asking about each checkout once.

    What it learnt stays for its lifetime: use one for one plan, not for a process. Threads may share it; at worst
    two of them ask about the same checkout.
    """

    def __init__(self, identity: ProjectIdScheme) -> None:
        self._identity = identity
        self._checkouts: dict[_Marked, Checkout | MigratorError] = {}
        self._root_commits: dict[str, frozenset[str]] = {}
        self._marks: dict[str, _Marked | None] = {}

    def find(self, directory: str) -> Place:
        """Return what opencode makes of `directory`, relative to the working directory, through symlinks.

        Raises NoSuchDirectory where it isn't a directory we can read, MigratorError where git or hg can't say what it
        is.
        """
        return self.at(_real_directory(directory))[0]

    def at(self, real: str) -> tuple[Place, Checkout]:
        """Return what opencode makes of a real directory that is there, and the checkout that this comes from.

        Raises MigratorError where git or hg can't say what it is.
        """
        checkout = self.checkout(real)
        place = Place(
            directory=real,
            project_id=checkout.project_id,
            worktree=checkout.worktree,
            path=_relative(real, checkout.worktree),
            vcs=checkout.vcs,
            project_worktree=checkout.project_worktree,
        )
        return place, checkout

    def root_commits(self, worktree: str) -> frozenset[str]:
        """Return the first commits of what is checked out in `worktree`: clones and worktrees have them in common."""
        known = self._root_commits.get(worktree)
        if known is None:
            known = self._root_commits[worktree] = git.root_commits(worktree)
        return known

    def learn(self, directories: Iterable[str]) -> None:
        """Ask about the checkouts of many real directories now, several at once, so that `find` needn't wait.

        What can't be told about one of them is raised by `find`, each time.
        """
        from concurrent.futures import ThreadPoolExecutor

        marked = {self._marked(directory) for directory in directories} - {None, *self._checkouts}
        if marked:
            with ThreadPoolExecutor(min(_AT_ONCE, len(marked))) as threads:
                list(threads.map(self._ask, marked))

    @property
    def markers(self) -> tuple[str, ...]:
        """The names that mark the top of a repository; the first of a directory's counts."""
        return (".git", ".hg") if self._identity is ProjectIdScheme.V2 else (".git",)

    def outside(self, real: str) -> Checkout:
        """Return what opencode makes of a real directory in no repository."""
        return own_project(real) if self._identity is ProjectIdScheme.V2 else NO_CHECKOUT

    def checkout(self, real: str) -> Checkout:
        """Return the checkout that a real directory is in; raises MigratorError where git or hg can't say."""
        marked = self._marked(real)
        known = NO_CHECKOUT if marked is None else self._checkouts.get(marked) or self._ask(marked)
        if isinstance(known, MigratorError):
            raise known
        return self.outside(real) if known is NO_CHECKOUT else known

    def _marked(self, real: str) -> _Marked | None:
        if real not in self._marks:
            self._marks[real] = self._nearest(real)
        return self._marks[real]

    def _nearest(self, real: str) -> _Marked | None:
        # opencode 1 knows git alone: a jj workspace or hg clone without a .git is no repository to it (1.18.34).
        # opencode 2 knows hg too; at the same level .git counts. A jj.py would stand beside git.py and hg.py.
        by_git = git.marked_directory(real)
        by_hg = hg.marked_directory(real) if self._identity is ProjectIdScheme.V2 else None
        if by_hg is not None and (by_git is None or len(by_hg) > len(by_git)):
            return _Marked(by_hg, is_hg=True)
        return _Marked(by_git) if by_git is not None else None

    def _ask(self, marked: _Marked) -> Checkout | MigratorError:
        try:
            found = hg.checkout(marked.directory) if marked.is_hg else git.checkout(marked.directory, self._identity)
        except MigratorError as error:
            self._checkouts[marked] = error
            return error
        self._checkouts[marked] = found
        return found


def _relative(directory: str, worktree: str) -> str:
    """Return `session.path`: "" at the top, and for worktree "/" the directory without its leading slash."""
    return "" if directory == worktree else os.path.relpath(directory, worktree)


def _real_directory(directory: str) -> str:
    # An empty string is what a script's unset variable becomes, hardly ever the working directory.
    if not directory or "\0" in directory:
        raise NoSuchDirectory(f"{directory!r} is not the name of a directory, give a path")
    try:
        real = os.path.realpath(directory, strict=True)
    except FileNotFoundError as error:
        if not directory.startswith("/") and is_gone():
            which = "the current directory" if directory == "." else directory
            why = "does not exist, since the current directory was deleted: cd to one that exists, or give a whole path"
            raise NoSuchDirectory(f"{which} {why}") from error
        raise NoSuchDirectory(f"{directory} does not exist, create it or give another directory") from error
    except NotADirectoryError as error:
        raise NoSuchDirectory(f"{directory} lies below a file, give a directory") from error
    except OSError as error:
        then = "check its permissions" if isinstance(error, PermissionError) else "give another directory"
        raise NoSuchDirectory(f"{directory} can't be read ({error.strerror}), {then}") from error
    if not Path(real).is_dir():
        raise NoSuchDirectory(f"{directory} is a file, give the directory it is in")
    if not os.access(real, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise NoSuchDirectory(f"{directory} can't be read, give yourself permission to list and enter it")
    if not real.isascii() and os.fsencode(real) != real.encode(errors="replace"):
        raise NoSuchDirectory(f"{os.fsencode(real)!r} is not UTF-8, opencode can't hold that name: rename it")
    return real
