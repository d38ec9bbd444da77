"""What opencode makes of a directory: its project, its worktree, its path below that."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.spelling import as_on_disk, existing_directory
from migrator.disk.status import is_there
from migrator.errors import CantTell, NoSuchDirectory, UnreadableDirectory
from migrator.paths import is_of_another_system, system_of
from migrator.places import cwd, git, hg
from migrator.places.checkout import NO_CHECKOUT, Checkout, ProjectIdScheme, directory_project
from migrator.places.programs import stopped_by
from migrator.places.small_files import nearest_with
from migrator.progress import doing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Place

_AT_ONCE = 16
"""How many checkouts are asked about at once: git spends the time waiting for the disk rather than computing."""


class _Root(NamedTuple):
    """The top directory of a repository, which holds its `.hg` or `.git`."""

    directory: str
    is_hg: bool = False


class Places:
    """Tells what opencode makes of directories, asking git or hg about each checkout once.

    The answers stay for its lifetime: use one for one plan, not for a process. Threads may share it; at worst two of
    them ask about the same checkout.
    """

    def __init__(self, scheme: ProjectIdScheme) -> None:
        self._scheme = scheme
        self._checkouts: dict[_Root, Checkout | CantTell] = {}
        self._root = cache(self._root_or_error)
        self.root_commits = cache(git.root_commits)

    def find(self, directory: str) -> Place:
        """Return what opencode makes of `directory`, relative to the working directory, through symlinks.

        Raises NoSuchDirectory if it isn't a directory, UnreadableDirectory if we can't read it, and CantTell if
        git or hg can't say what it is.
        """
        real = _real_directory(directory)
        return self.checkout(real).place(real)

    def prefetch(self, directories: Iterable[str]) -> None:
        """Ask about the checkouts of many real directories now, several at once, so that `find` needn't wait.

        An error about one of them is raised by `find`, each time.
        """
        from concurrent.futures import ThreadPoolExecutor

        found = {self._root(directory) for directory in directories} - self._checkouts.keys()
        if roots := [root for root in found if isinstance(root, _Root)]:
            with (
                doing("Looking at repositories", len(roots), "repositories") as advance,
                ThreadPoolExecutor(min(_AT_ONCE, len(roots))) as threads,
            ):
                given_up = Event()
                try:
                    for _ in threads.map(partial(self._ask_until, given_up), roots):
                        advance(1)
                except BaseException:  # Ctrl-C: the threads of a pool don't get it
                    given_up.set()
                    threads.shutdown(cancel_futures=True)
                    raise

    def git_root(self, real: str) -> str | None:
        """Return the nearest directory at or above a real one that holds a `.git`; None if the nearest holds `.hg`.

        Raises CantTell if nobody can tell.
        """
        root = self._root(real)
        if isinstance(root, CantTell):
            raise root
        return root.directory if root is not None and not root.is_hg else None

    def is_marked(self, directory: str) -> bool:
        """Tell whether something in a directory marks it as the top of a repository, sound or not.

        Raises CantTell if nobody can tell.
        """
        return any(is_there(os.path.join(directory, name)) for name in self._marker_names)

    @property
    def _marker_names(self) -> tuple[str, ...]:
        """The names that mark the top of a repository; the first of them counts in a directory that has both."""
        return (".git", ".hg") if self._scheme is ProjectIdScheme.V2 else (".git",)

    def outside_repository(self, real: str) -> Checkout:
        """Return what opencode makes of a real directory in no repository."""
        return directory_project(real) if self._scheme is ProjectIdScheme.V2 else NO_CHECKOUT

    def checkout(self, real: str) -> Checkout:
        """Return the checkout that a real directory is in. Raises CantTell if git or hg can't say."""
        root = self._root(real)
        if root is None:
            return self.outside_repository(real)
        checkout = root if isinstance(root, CantTell) else self._checkouts.get(root) or self._ask(root)
        if isinstance(checkout, CantTell):
            raise checkout
        return checkout

    def _root_or_error(self, real: str) -> _Root | CantTell | None:
        try:
            # opencode 1 knows git alone: a jj workspace or hg clone without a .git is no repository to it (1.18.34).
            # opencode 2 knows hg too; at the same level .git counts. A jj.py would stand beside git.py and hg.py.
            roots = [(nearest_with(name, real), name == ".hg") for name in self._marker_names]
        except CantTell as error:
            return error
        found = [_Root(directory, is_hg) for directory, is_hg in roots if directory is not None]
        return max(found, key=lambda root: len(root.directory), default=None)

    def _ask_until(self, given_up: Event, root: _Root) -> Checkout | CantTell:
        """Do as `_ask`, but stop what runs once this is given up."""

        def check() -> None:
            if given_up.is_set():
                raise KeyboardInterrupt

        with stopped_by(check):
            return self._ask(root)

    def _ask(self, root: _Root) -> Checkout | CantTell:
        try:
            checkout = hg.checkout(root.directory) if root.is_hg else git.checkout(root.directory, self._scheme)
        except CantTell as error:
            self._checkouts[root] = error
        else:
            self._checkouts[root] = checkout
        return self._checkouts[root]


def check_name(directory: str) -> None:
    """Raise NoSuchDirectory for what can't name a directory of this system."""
    # An empty string is what a script's unset variable becomes, hardly ever the working directory.
    if not directory or "\0" in directory:
        raise NoSuchDirectory(f"the name {directory!r} is not that of a directory; give a path")
    if is_of_another_system(directory):
        raise NoSuchDirectory(
            f"the path {directory} is of another system ({system_of(directory)}): give a directory that is here; to "
            "map the paths alone, say relocate --foreign OLD NEW"
        )


def _real_directory(directory: str) -> str:
    check_name(directory)
    try:
        real = as_on_disk(os.path.realpath(directory, strict=True))
    except FileNotFoundError as error:
        is_whole = directory.startswith("/") or not cwd.is_deleted()
        if not directory.isascii() and is_whole and (spelled := existing_directory(os.path.abspath(directory))):
            return _real_directory(spelled)
        if not directory.startswith("/") and cwd.is_deleted():
            which = "the current directory" if directory == "." else f"the directory {directory}"
            why = "does not exist, since the current directory was deleted: cd to one that exists, or give a whole path"
            raise NoSuchDirectory(f"{which} {why}") from error
        raise NoSuchDirectory(
            f"the directory {directory} does not exist; create it or give another directory"
        ) from error
    except NotADirectoryError as error:
        raise NoSuchDirectory(f"the path {directory} lies below a file; give a directory") from error
    except OSError as error:
        then = "check its permissions" if isinstance(error, PermissionError) else "give another directory"
        raise UnreadableDirectory(f"the directory {directory} can't be read ({error.strerror}); {then}") from error
    if not Path(real).is_dir():
        raise NoSuchDirectory(f"the path {directory} is a file; give the directory it is in")
    if not os.access(real, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UnreadableDirectory(
            f"the directory {directory} can't be read; give yourself permission to list and enter it"
        )
    if not real.isascii() and os.fsencode(real) != real.encode(errors="replace"):
        raise NoSuchDirectory(f"the name {os.fsencode(real)!r} is not UTF-8; opencode can't hold that name: rename it")
    return real
