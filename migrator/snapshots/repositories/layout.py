"""Where opencode keeps the snapshots of a worktree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from typing import TYPE_CHECKING

from migrator.disk.data_directory import data_directory
from migrator.disk.readable import naming_remedy
from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_there, names_in
from migrator.errors import CantTell
from migrator.paths import backslashed
from migrator.snapshots.git.readable import why_broken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class Layout:
    """The snapshot repositories of one data directory.

    `by_worktree`: there is one for each project and worktree, as in opencode 1.14.34 to 1.18.34; before, there was one
    for each project, which all of its worktrees shared (1.3.2).
    """

    root: Path
    by_worktree: bool

    @classmethod
    def of(cls, store: Store) -> Layout:
        """Return the layout for a database: beside it, or in opencode's data directory if nothing is there."""
        beside = store.path.parent / "snapshot"
        root = beside if beside.is_dir() else data_directory() / "snapshot"
        return cls(root, store.schema.has_path)

    @classmethod
    def beside(cls, store: Store) -> Layout:
        """Return the layout for another database, of which only what lies beside it is known to be its own."""
        return cls(store.path.parent / "snapshot", store.schema.has_path)

    def git_dir(self, project_id: str, worktree: str) -> str:
        r"""Return the git directory of a worktree's snapshot repository, whether or not it exists.

        Its name is made of the worktree as opencode has it, on Windows with `\` (read in opencode 1.18.32 for Windows).
        """
        project = f"{self.root}/{project_id}"
        # opencode's choice of a name; nothing here is a secret
        name = sha1(backslashed(worktree).encode(), usedforsecurity=False).hexdigest()
        return f"{project}/{name}" if self.by_worktree else project

    def is_same_place(self, other: Layout) -> bool:
        """Tell whether this is the same directory of snapshots, by whatever path."""
        return self.root == other.root or is_same_directory(str(self.root), str(other.root))

    def has(self, git_dir: str) -> bool:
        """Tell whether a snapshot repository is there. Raises CantTell if nobody can tell.

        So it does where one has lost its HEAD: then git and opencode do as if it weren't there, but it can be mended.
        """
        with naming_remedy(str(self.root)):
            if is_there(f"{git_dir}/HEAD"):
                return True
            if not is_there(f"{git_dir}/objects"):
                return False
        raise CantTell(why_broken(git_dir) or "")

    def as_of_now(self, git_dir: str) -> str:
        """Return where a snapshot repository is that was recorded when the data directory may have been elsewhere."""
        _, above, names = git_dir.rpartition("/snapshot/")
        return f"{self.root}/{names}" if above else git_dir


class OtherRepositories:
    """The repositories that may hold snapshots of a worktree though opencode doesn't look there; all are listed once.

    They were made while the worktree belonged to another project, or by an opencode before 1.14 for all worktrees of
    one.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @cached_property
    def _names(self) -> Mapping[str, frozenset[str]]:
        """What is in the directory of each project."""
        root = self._layout.root
        with naming_remedy(str(root)):
            return {project: frozenset(names_in(f"{root}/{project}")) for project in names_in(root)}

    def of(self, project_id: str, worktree: str) -> list[tuple[str, str]]:
        """Return (project id, git directory) of those other than the worktree's own.

        There are none if all worktrees of a project share one anyway. Raises CantTell if nobody can tell.
        """
        if not self._layout.by_worktree:
            return []
        own = self._layout.git_dir(project_id, worktree)
        name = os.path.basename(own)
        found = []
        for project, inside in self._names.items():
            above = f"{self._layout.root}/{project}"
            candidates = [f"{above}/{name}"] if name in inside else []
            candidates += [above] if inside & {"HEAD", "objects"} else []
            found += [(project, git_dir) for git_dir in candidates if git_dir != own and self._layout.has(git_dir)]
        return found
