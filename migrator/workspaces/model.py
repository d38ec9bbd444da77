"""The nouns of a repository with several working copies: git calls them worktrees, jj workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WorkspaceState(StrEnum):
    """What has become of a workspace."""

    ALIVE = "alive"
    """Its directory is there and belongs to the repository."""
    MOVED = "moved"
    """It is there, but not where the repository has it on record."""
    MISSING = "missing"
    """The repository has it on record, and its directory is gone, or something else now."""
    FORGOTTEN = "forgotten"
    """jj has forgotten it: only its directory, or the operation log and the database, remember it."""
    PRUNED = "pruned"
    """git has pruned it, or it was removed: only its directory or the database remembers it."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One working copy of a repository, alive or gone.

    `path` is where it is, or where it was last; `formerly` are other places where it was, whose sessions are its own
    too. `kind` is "git", "jj" or "jj+git". `locked` is the reason, which may be "", None where it isn't locked.
    `evidence` says in words how it is known, where no record does.
    """

    name: str
    path: str
    kind: str
    state: WorkspaceState
    main: bool = False
    locked: str | None = None
    formerly: tuple[str, ...] = ()
    evidence: str = ""

    @property
    def roots(self) -> tuple[str, ...]:
        """Every directory that is or was the top of this workspace."""
        return (self.path, *self.formerly)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and all working copies that could be found.

    `main` is the main working copy; None for a bare git repository. `home` is what names the repository to people:
    `main`, else the bare repository itself. `common` is git's directory, `jj` jj's; each None where there is none.
    `notes` say what could not be read, or may be missing.
    """

    home: str
    main: str | None
    common: str | None
    jj: str | None
    workspaces: tuple[Workspace, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return "git", "jj", or "jj+git" where opencode sees a git repository in the main working copy of jj's."""
        return "+".join(name for name, there in (("jj", self.jj), ("git", self.common)) if there)
