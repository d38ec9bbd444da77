"""Where opencode keeps the snapshots of a worktree."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.store.location import data_directory

if TYPE_CHECKING:
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

    def git_dir(self, project_id: str, worktree: str) -> str:
        """Return the git directory of a worktree's snapshot repository, whether or not it exists."""
        project = f"{self.root}/{project_id}"
        # opencode's choice of a name; nothing here is a secret
        name = sha1(worktree.encode(), usedforsecurity=False).hexdigest()
        return f"{project}/{name}" if self.by_worktree else project

    def as_of_now(self, git_dir: str) -> str:
        """Return where a snapshot repository is that was recorded when the data directory may have been elsewhere."""
        _, above, names = git_dir.rpartition("/snapshot/")
        return f"{self.root}/{names}" if above else git_dir

    def other_repositories(self, project_id: str, worktree: str) -> list[tuple[str, str]]:
        """Return (project id, git directory) of other repositories that may hold snapshots of a worktree.

        They were made while the worktree belonged to another project, or by an opencode before 1.14 for all worktrees
        of one; opencode looks in neither. There are none if all worktrees of a project share one anyway.
        """
        own = Path(self.git_dir(project_id, worktree))
        if not self.by_worktree or not self.root.is_dir():
            return []
        return [
            (project.name, str(git_dir))
            for project in sorted(self.root.iterdir())
            for git_dir in (project / own.name, project)
            if git_dir != own and (git_dir / "HEAD").is_file()
        ]
