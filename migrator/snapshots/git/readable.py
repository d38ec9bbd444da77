"""Whether a snapshot repository can be read: if not, what isn't found in it may be there all the same.

git takes an object that it may not read for one that is missing, and so does opencode: its undo then deletes the files
of the turn (seen with 1.18.34). That is how it is after one `sudo opencode`, and `chown` brings all of it back. The
same holds for a repository of which a crash has emptied HEAD, or damaged the configuration.
"""

from __future__ import annotations

import os
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from migrator.disk.readable import why_unreadable_below, with_remedy
from migrator.places.broken_git import what_is_wrong_in
from migrator.snapshots.git.alternates import read_alternates
from migrator.snapshots.git.run import GitFailed, run_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Readability:
    """Tells whether repositories can be read; each directory is looked at once, so use one object for one plan."""

    def __init__(self) -> None:
        self._why_unreadable_below = cache(why_unreadable_below)

    def why_unreadable(self, git_dir: str, *objects: str, git_answers: bool = False) -> str | None:
        """Return why nobody can tell what a repository and other object directories hold, and what to do.

        None if we can. Directories that aren't there hold nothing. A damaged object is no reason: it is known to be
        lost. With `git_answers`, git is known to take the repository for one.
        """
        for top in chain([git_dir], _with_alternates([os.path.join(git_dir, "objects"), *objects])):
            if (error := self._why_unreadable_below(top)) is not None:
                return str(with_remedy(error, top))
        if why := why_broken(git_dir):
            return why
        if git_answers:
            return None
        try:
            run_git(git_dir, "rev-parse", "--git-dir")
        except GitFailed as error:
            return f"{str(error).rstrip('.')}; repair it and try again"
        return None


def why_broken(git_dir: str) -> str | None:
    """Return why git takes a readable directory for no repository, and what to do; None if nothing is seen."""
    why, remedy = what_is_wrong_in(git_dir, "it")
    return f"git takes {git_dir} for no repository because {why}: {remedy} and try again" if why else None


def _with_alternates(objects: Iterable[str]) -> Iterator[str]:
    """Yield object directories and their alternates, and the alternates of those, each once it is known readable."""
    waiting, seen = [*objects], set[str]()
    while waiting:
        directory = waiting.pop()
        if directory not in seen:
            seen.add(directory)
            yield directory
            waiting += [os.path.join(directory, line) for line in read_alternates(directory)]
