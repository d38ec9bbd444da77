"""From which snapshot repository to which, for a session that moves, and whether there is a way at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError
from migrator.places.checkout import GLOBAL
from migrator.snapshots.layout import Layout
from migrator.snapshots.plumbing import common_directory

if TYPE_CHECKING:
    from migrator.model import Binding, Place
    from migrator.places import Places
    from migrator.store.reading import Store


class Passage(NamedTuple):
    """From one snapshot repository to another: git directories, and the worktrees whose snapshots they hold.

    `objects` is the object directory of the target's own repository. Snapshots borrow from their worktree's; where the
    source has been renamed, what they borrowed is found there.
    """

    source: str
    target: str
    source_worktree: str
    target_worktree: str
    objects: str


class Passages:
    """The passages between the places of one store, each found once."""

    def __init__(self, store: Store, places: Places) -> None:
        self._store = store
        self._places = places
        self._layout = Layout.of(store)
        self._found: dict[tuple[Binding, Binding], Passage | str] = {}

    def find(self, before: Binding, after: Binding) -> Passage | str:
        """Return how snapshots get from one place to the other, or why they don't, in words."""
        key = before, after
        if key not in self._found:
            try:
                self._found[key] = self._find(before, self._places.find(after.directory))
            except MigratorError as error:
                self._found[key] = str(error)
        return self._found[key]

    def _find(self, before: Binding, target: Place) -> Passage | str:
        source = self._old_worktree(before)
        if source is None:
            return "nobody knows which worktree the session was in"
        git_dir = self._layout.git_dir(before.project_id, source)
        obstacles = (
            (before.workspace_id is not None, "the session was in a workspace of opencode's own"),
            (target.vcs != "git", f"{target.directory} is in no git repository"),
            (not Path(git_dir, "HEAD").is_file(), "opencode kept no snapshots of it"),
        )
        why = next((words for met, words in obstacles if met), None)
        if why is None and not self._one_repository(before, source, target):
            why = f"{source} and {target.worktree} are not one repository"
        if why is not None:
            return why
        to_git_dir = self._layout.git_dir(target.project_id, target.worktree)
        return Passage(git_dir, to_git_dir, source, target.worktree, f"{common_directory(target.worktree)}/objects")

    def _old_worktree(self, before: Binding) -> str | None:
        """Return the worktree that the session's snapshots are of: its row's own `path` says how far up it is.

        Rows from before opencode 1.14 have none; then it is what opencode makes of the directory today, or the
        worktree or sandbox of its project that it is in.
        """
        directory, path = before.directory, before.path
        if path == "":
            return directory
        if path is not None and directory.endswith("/" + path) and before.project_id != GLOBAL:
            return directory[: -len(path) - 1]
        if Path(directory).is_dir():
            return self._places.find(directory).worktree
        tops = [
            top.rstrip("/")
            for project in self._store.projects()
            if project.id == before.project_id
            for top in (project.worktree, *project.sandboxes)
        ]
        return max((top for top in tops if top and (directory + "/").startswith(top + "/")), key=len, default=None)

    def _one_repository(self, before: Binding, source: str, target: Place) -> bool:
        if source == target.worktree:
            return True
        roots = self._places.root_commits(target.worktree)
        if not Path(source).is_dir():
            # What is gone can't be asked; its project id was its origin, or its first commit.
            return before.project_id == target.project_id or before.project_id in roots
        return bool(roots & self._places.root_commits(source))
