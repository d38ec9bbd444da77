"""Where an undo in opencode would act: the directory that it opens for a session, and the snapshots that it asks there.

A session's own project id doesn't count: opencode opens the session's directory and takes the project of that. Where
the directory is gone it takes the repository around it, or none. (All of it seen with opencode 1.18.34.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError, NoSuchDirectory
from migrator.snapshots.git import GitFailed, common_directory
from migrator.snapshots.layout import Layout
from migrator.store.undoing import has_table, workspaces

if TYPE_CHECKING:
    from migrator.model import Binding, Place
    from migrator.places import Places
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """What opencode would work with.

    `worktree` is None where it can't open the session, and then an undo does nothing; `known` is false where we can't
    tell. `repository` is the git directory that has the snapshots, None where each question to git fails, and then an
    undo deletes every file of the turn. `because` says, for a person, what is in the way. `place` is what opencode
    makes of the directory, where it has its snapshots there.
    """

    worktree: str | None
    repository: str | None = None
    because: str | None = None
    known: bool = True
    place: Place | None = None


class UndoTargets:
    """The instances of one store, each found once."""

    def __init__(self, store: Store, places: Places) -> None:
        self._places = places
        self._layout = Layout.of(store)
        # 1.18.34 does, 1.15.13 and 1.3.2 don't; the table came with 1.17.
        self._borrows = has_table(store, "migration")
        self._workspaces = workspaces(store)
        self._found: dict[tuple[str, str | None, bool], UndoTarget] = {}

    @property
    def layout(self) -> Layout:
        """Where the snapshot repositories are."""
        return self._layout

    def find(self, binding: Binding, *, redoable: bool) -> UndoTarget:
        """Return where an undo in a session with this binding would act.

        `redoable`: it is undone already and its redo has a snapshot; then opencode takes none before it undoes more,
        which would have made a missing snapshot repository.
        """
        key = binding.directory, binding.workspace_id, redoable
        if key not in self._found:
            self._found[key] = self._find(binding, redoable=redoable)
        return self._found[key]

    def _find(self, binding: Binding, *, redoable: bool) -> UndoTarget:
        directory = binding.directory
        if binding.workspace_id is not None:
            kind, opened = self._workspaces.get(binding.workspace_id, ("", None))
            if kind != "worktree" or opened is None:
                return UndoTarget(None, because="opencode can't open its workspace")
            directory = opened
        if Path(directory).exists() and not Path(directory).is_dir():
            return UndoTarget(None, because=f"{directory} is no directory")
        try:
            return self._of(self._around(directory), redoable=redoable)
        except MigratorError as error:
            return UndoTarget(None, because=str(error).rstrip("."), known=False)
        except OSError as error:
            return UndoTarget(None, because=f"{error.filename} can't be read ({error.strerror})", known=False)

    def _around(self, directory: str) -> Place:
        """Return what opencode makes of a directory, or of the nearest one above that is there."""
        while True:
            try:
                return self._places.find(directory)
            except NoSuchDirectory:
                if directory == os.path.dirname(directory):
                    raise
                directory = os.path.dirname(directory)

    def _of(self, place: Place, *, redoable: bool) -> UndoTarget:
        worktree = place.worktree
        git_dir = self._layout.git_dir(place.project_id, worktree)
        if Path(git_dir, "HEAD").is_file():
            return UndoTarget(worktree, git_dir, "opencode has pruned its snapshot", place=place)
        if place.vcs != "git":
            return UndoTarget(worktree, because="the session is in no git repository now")
        elsewhere = self._layout.by_worktree and any(
            Path(other, "HEAD").is_file() for other in self._layout.root.glob(f"*/{Path(git_dir).name}")
        )
        because = (
            "opencode looks for its snapshot under another project id than it was made"
            if elsewhere
            else "opencode has no snapshots of this worktree"
        )
        # It makes the repository before it undoes, and lets it borrow from the worktree's own.
        makes_one = self._borrows and not redoable and not Path(git_dir).exists()
        repository = _own_objects(worktree) if makes_one else None
        return UndoTarget(worktree, repository, because, place=place)


def _own_objects(worktree: str) -> str | None:
    try:
        return common_directory(worktree)
    except GitFailed:
        return None
