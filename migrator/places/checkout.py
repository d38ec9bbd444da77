"""The facts about one checkout, whichever version control tool it is of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1

from migrator.disk.readable import naming_remedy
from migrator.disk.status import content_of
from migrator.model import GLOBAL, Place
from migrator.paths import backslashed, session_path, trimmed

_KEPT_ID_LIMIT = 64 * 1024


class ProjectIdScheme(StrEnum):
    """The sources of a repository's project id in the order in which opencode looks for them: the first one counts."""

    ORIGIN_FIRST = "origin-first"
    """opencode 1.15.13 and later: hash of `origin`, id kept in the repository, smallest root commit, "global"."""

    CACHE_FIRST = "cache-first"
    """opencode before 1.15.13: id kept in the repository, smallest root commit, "global"."""

    V2 = "v2"
    """opencode 2: as origin-first; also hg repositories; a directory in no repository is a project of its own."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The facts that all directories in one checkout share.

    `worktree` is its top level, `project_worktree` what a new project row gets, `vcs` "git", "hg" (opencode 2) or None.
    `kept_id` is the project id that opencode left in the repository, None if it never opened it; `id_source` says
    in words where the project id comes from. `common` is the git directory that all worktrees of the repository share,
    and `addresses` are those of its remotes; None where git was not asked for them.
    """

    project_id: str
    worktree: str
    project_worktree: str
    vcs: str | None
    kept_id: str | None = None
    id_source: str = "no mark of a repository"
    common: str | None = None
    addresses: tuple[str, ...] | None = None

    def place(self, directory: str) -> Place:
        """Return what opencode makes of a directory in this checkout."""
        path = session_path(directory, self.worktree)
        return Place(directory, self.project_id, self.worktree, path, self.vcs, self.project_worktree)


def kept_project_id(directory: str) -> str | None:
    """Return the project id that opencode has written into the git or `.hg` directory of a repository, if any.

    Raises CantTell if nobody can tell.
    """
    kept = os.path.join(directory, "opencode")
    with naming_remedy(kept):
        return content_of(kept, _KEPT_ID_LIMIT).decode("utf-8-sig", "replace").strip() or None


NO_CHECKOUT = Checkout(GLOBAL, "/", "/", None, None, "no repository")
"""What opencode 1 makes of a directory outside any repository."""


def directory_project(directory: str) -> Checkout:
    """Return what opencode 2 makes of a real directory in no repository: a project of this directory alone.

    Read in its Project.resolve, and checked against ids in databases of opencode 2.0.8 and 2.0.12.
    """
    return Checkout(directory_project_id(directory), directory, directory, None, None, "no repository, so on its own")


def directory_project_id(directory: str) -> str:
    """Return 40 hex digits: the id that opencode 2 gives to a directory in no repository, by its path alone."""
    # opencode's choice of a name, nothing here is a secret
    return sha1(b"directory:" + os.fsencode(backslashed(directory)), usedforsecurity=False).hexdigest()


def is_outside_repository(project_id: str, directory: str) -> bool:
    """Tell whether a session was in no repository: its project is "global", or opencode 2's for its very directory."""
    return project_id == GLOBAL or project_id == directory_project_id(trimmed(directory))
