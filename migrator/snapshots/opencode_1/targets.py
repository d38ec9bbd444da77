"""Find where an undo in opencode 1 would act: in which worktree, with which snapshot repository.

A session's own project id doesn't count: opencode opens the session's directory and takes the project of that. If the
directory is gone, it takes the repository around it, or none. (All of it seen with opencode 1.18.34.)
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory, is_there, status_of
from migrator.errors import MigratorError, NoSuchDirectory, UnreadableDirectory
from migrator.paths import is_of_this_system
from migrator.snapshots.contract import UndoTarget
from migrator.snapshots.git.run import common_directory
from migrator.snapshots.repositories.layout import Layout, OtherRepositories

if TYPE_CHECKING:
    from migrator.model import Binding, Place
    from migrator.places import Places
    from migrator.store.reader import Store


class TargetsOf1:
    """Where an undo of opencode 1 would act, each directory looked at once."""

    def __init__(self, store: Store, places: Places) -> None:
        self._places = places
        self.layout = Layout.of(store)
        self._other_repositories = OtherRepositories(self.layout)
        # Whether opencode gives a new snapshot repository alternates: 1.18.34 does, 1.15.13 and 1.3.2 don't; the table
        # came with 1.17.
        self._writes_alternates = bool(store.columns_of("migration"))
        self._workspaces = store.workspaces()
        self._find_in = cache(self._target_of)

    def find(self, binding: Binding, *, redoable: bool) -> UndoTarget:
        """Return where an undo in a session with this binding would act.

        `redoable` tells that it is undone already and its redo has a snapshot. Then opencode takes no snapshot before
        it undoes more, and so doesn't make a missing snapshot repository.
        """
        return self._find_in(binding.directory, binding.workspace_id, redoable)

    def _target_of(self, directory: str, workspace_id: str | None, redoable: bool) -> UndoTarget:
        if workspace_id is not None:
            workspace = self._workspaces.get(workspace_id)
            if workspace is None or workspace.type != "worktree" or workspace.directory is None:
                return UndoTarget(None, because="opencode can't open its workspace")
            directory = workspace.directory
        if not is_of_this_system(directory):
            return UndoTarget(None, because=f"{directory!r} is no path of this system")
        try:
            if status_of(directory) is not None and not is_directory(directory):
                return UndoTarget(None, because=f"{directory} is no directory")
            return self._target_in(self._place_around(directory), redoable=redoable)
        except MigratorError as error:
            return UndoTarget(None, because=str(error).rstrip("."), known=False)

    def _place_around(self, directory: str) -> Place:
        """Return what opencode makes of a directory, or of the nearest one above that exists."""
        while True:
            try:
                return self._places.find(directory)
            except UnreadableDirectory:
                raise
            except NoSuchDirectory:
                if directory == os.path.dirname(directory):
                    raise
                directory = os.path.dirname(directory)

    def others(self, place: Place) -> list[tuple[str, str]]:
        """Return (project id, git directory) of other repositories that may hold snapshots of a worktree."""
        return self._other_repositories.of(place.project_id, place.worktree)

    def _target_in(self, place: Place, *, redoable: bool) -> UndoTarget:
        worktree = place.worktree
        git_dir = self.layout.git_dir(place.project_id, worktree)
        if self.layout.has(git_dir):
            return UndoTarget(worktree, git_dir, "opencode has pruned its snapshot", place=place)
        if place.vcs != "git":
            return UndoTarget(worktree, because="the session is in no git repository now")
        because = "opencode has no snapshots of this worktree"
        if any(os.path.basename(other) == os.path.basename(git_dir) for _, other in self.others(place)):
            because = "opencode looks for its snapshot under another project id than it was made"
        repository = None
        if self._writes_alternates and not redoable and not is_there(git_dir):
            # It makes the repository before it undoes; its alternates are the objects of the worktree's own.
            repository = self._places.checkout(worktree).common or common_directory(worktree)
        return UndoTarget(worktree, repository, because, place=place)
