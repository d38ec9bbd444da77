"""Find where an undo in opencode 2 would act: it takes project and worktree of the session's directory."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory
from migrator.errors import MigratorError
from migrator.paths import is_of_this_system, upwards
from migrator.snapshots.contract import UndoTarget
from migrator.snapshots.git.run import common_directory
from migrator.snapshots.repositories.layout import Layout

if TYPE_CHECKING:
    from migrator.model import Binding
    from migrator.places import Places
    from migrator.store.reader import Store

_IN_GONE = "and nobody knows whether opencode 2 would then act in the repository around it,"


class TargetsOf2:
    """Where an undo of opencode 2 would act, each directory looked at once."""

    def __init__(self, store: Store, places: Places) -> None:
        self._places = places
        self._layout = Layout.of(store)
        self._find_in = cache(self._target_of)

    def find(self, binding: Binding) -> UndoTarget:
        """Return the worktree and the snapshots on which an undo in a session with this binding would act."""
        if binding.workspace_id is not None:
            return UndoTarget(None, because="nobody knows what opencode 2 does in its workspaces", known=False)
        return self._find_in(binding.directory)

    def _target_of(self, directory: str) -> UndoTarget:
        try:
            there = next(filter(is_directory, upwards(directory)), "") if is_of_this_system(directory) else ""
            if not there:
                return UndoTarget(None, because=f"{directory!r} is no path of this system")
            place = self._places.find(there)
            if place.vcs != "git":
                return UndoTarget(None, because=f"{directory} is in no git repository, so an undo fails", place=place)
            if there != directory:
                return UndoTarget(None, because=f"{directory} is gone, {_IN_GONE} {place.worktree}", known=False)
            git_dir = self._layout.git_dir(place.project_id, place.worktree)
            if self._layout.has(git_dir):
                return UndoTarget(place.worktree, git_dir, place=place)
            # It makes the repository before it restores; its alternates are the objects of the worktree's own.
            because = "opencode has no snapshots of this worktree"
            common = self._places.checkout(place.worktree).common or common_directory(place.worktree)
            return UndoTarget(place.worktree, common, because, place=place)
        except MigratorError as error:
            return UndoTarget(None, because=str(error).rstrip("."), known=False)
