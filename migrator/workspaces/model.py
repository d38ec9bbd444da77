"""The nouns of a repository with several working copies: git calls them worktrees, jj workspaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.model import Project, SessionDirectory


class WorkspaceState(StrEnum):
    """What has become of a workspace."""

    ALIVE = "alive"
    """Its directory is there and belongs to the repository."""
    MOVED = "moved"
    """Its directory is there, but not where the repository has it on record."""
    MISSING = "missing"
    """The repository has it on record, and its directory is gone, or is something else now."""
    UNREADABLE = "unreadable"
    """It is on record, and nobody can tell from here whether its directory is there."""
    FORGOTTEN = "forgotten"
    """jj has forgotten it: it is known only from its directory, or from the operation log and the database."""
    PRUNED = "pruned"
    """git has pruned it, or it was removed: it is known only from its directory or from the database."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One working copy of a repository, alive or gone.

    `path` is where it is, or where it was last; `formerly` are other places where it was, whose sessions belong to it
    too. `kind` is "git", "jj" or "jj+git". `locked` is the reason, which may be "", or None if it isn't locked.
    `evidence` says in words how we know of it, if it is not on record there.
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
    """A repository and all of its working copies that were found.

    `main` is the main working copy; None for a bare git repository. `home` is the path that people know it by: `main`,
    or the bare repository itself. `common` is the common directory of git, `jj` the repository directory of jj; each
    may be None. `notes` say what could not be read, or may be missing.
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


class WorkspaceRoot(NamedTuple):
    """A workspace that owns sessions, and the one of its roots that these are in or below."""

    workspace: Workspace
    root: str


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Sessions in or below a workspace's root that don't belong to the repository, and why not."""

    directory: str
    project_id: str
    sessions: int
    because: str


@dataclass(frozen=True, slots=True)
class RepositorySessions:
    """A repository with every workspace that is known, and which sessions belong to each.

    `owners` has the owner of the sessions with a (directory, project id); `session_counts` is by workspace.
    """

    repository: Repository
    owners: Mapping[tuple[str, str], WorkspaceRoot]
    session_counts: Mapping[Workspace, int]
    look_alikes: tuple[LookAlike, ...]


@dataclass(frozen=True, slots=True)
class StoredDirectories:
    """The directories that the database holds: of sessions, of projects, and of its table project_directory.

    `checkouts` are the (project id, directory) of the last.
    """

    sessions: Sequence[SessionDirectory]
    projects: Sequence[Project]
    checkouts: Sequence[tuple[str, str]]
