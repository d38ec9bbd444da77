"""What is known of one checkout, whichever version control tool told it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Identity(StrEnum):
    """Which of a repository's marks opencode takes for the project id, first one first."""

    ORIGIN_FIRST = "origin-first"
    """opencode 1.15.13 and later: hash of `origin`, id kept in the repository, smallest root commit, "global"."""

    CACHE_FIRST = "cache-first"
    """opencode before 1.15.13: id kept in the repository, smallest root commit, "global"."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The facts that all directories below one checkout share; see `Place` for the columns they become.

    `worktree` is its top level, `project_worktree` what a new project row gets, `vcs` "git" or None. `kept_id` is the
    project id that opencode left in the repository, None where it never opened it; `told_by` says in words which mark
    the project id comes from.
    """

    project_id: str
    worktree: str
    project_worktree: str
    vcs: str | None
    kept_id: str | None = None
    told_by: str = "no mark of a repository"


GLOBAL = "global"
"""The project of everything that is in no repository."""

NO_CHECKOUT = Checkout(GLOBAL, "/", "/", None, None, "no repository")
"""Where a directory outside any repository is."""
