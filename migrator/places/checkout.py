"""What is known of one checkout, whichever version control tool told it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1


class ProjectIdScheme(StrEnum):
    """Which of a repository's marks opencode takes for the project id, first one first."""

    ORIGIN_FIRST = "origin-first"
    """opencode 1.15.13 and later: hash of `origin`, id kept in the repository, smallest root commit, "global"."""

    CACHE_FIRST = "cache-first"
    """opencode before 1.15.13: id kept in the repository, smallest root commit, "global"."""

    V2 = "v2"
    """opencode 2: as origin-first; hg repositories too; what is in no repository is a project of its own."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The facts that all directories below one checkout share; see `Place` for the columns they become.

    `worktree` is its top level, `project_worktree` what a new project row gets, `vcs` "git", "hg" (opencode 2) or None.
    `kept_id` is the project id that opencode left in the repository, None where it never opened it; `told_by` says in
    words which mark the project id comes from.
    """

    project_id: str
    worktree: str
    project_worktree: str
    vcs: str | None
    kept_id: str | None = None
    told_by: str = "no mark of a repository"


GLOBAL = "global"
"""The project of everything that is in no repository; to opencode 2 only of a repository without any mark."""

NO_CHECKOUT = Checkout(GLOBAL, "/", "/", None, None, "no repository")
"""Where a directory outside any repository is."""


def own_project(directory: str) -> Checkout:
    """Return what opencode 2 makes of a real directory in no repository: its own project, and no other directory's.

    Read in its Project.resolve, and held against ids in databases of opencode 2.0.8 and 2.0.12.
    """
    return Checkout(own_project_id(directory), directory, directory, None, None, "no repository, so on its own")


def own_project_id(directory: str) -> str:
    """Return 40 hex digits: the id that opencode 2 gives to a directory in no repository, by its path alone."""
    # opencode's choice of a name, nothing here is a secret
    return sha1(b"directory:" + os.fsencode(directory), usedforsecurity=False).hexdigest()


def is_outside(project_id: str, directory: str) -> bool:
    """Tell whether a session that is bound so was in no repository, by either opencode: no other id can be a path's."""
    return project_id == GLOBAL or project_id == own_project_id(directory.rstrip("/") or "/")
