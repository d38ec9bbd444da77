"""From which snapshot repository to which, for a session that moves, and whether there is a way at all."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from migrator.errors import MigratorError
from migrator.model import FolderState
from migrator.paths import checkout_root, is_within
from migrator.places import links
from migrator.places.checkout import GLOBAL
from migrator.planning.relocation.folders import Folders
from migrator.snapshots.alternates import alternates
from migrator.snapshots.git import common_directory, with_alternates
from migrator.snapshots.layout import Layout

if TYPE_CHECKING:
    from migrator.model import Binding, FolderMoves, Place
    from migrator.places import Places
    from migrator.store.reader import Store


class SnapshotRoute(NamedTuple):
    """From one snapshot repository to another: git directories, and the worktrees whose snapshots they hold.

    `objects` is the object directory of the target's own repository, where it is now. Snapshots borrow from their
    worktree's; where the source has been renamed, what they borrowed is found there. `source_gone` tells that what the
    snapshots are of isn't at its place any more, whatever is there instead. `folders` are those that move next, old and
    new path of each: until then, the target worktree is where it was. `also` are object directories with other
    snapshots of the source, which opencode doesn't find any more.
    """

    source: str
    target: str
    source_worktree: str
    target_worktree: str
    objects: str
    source_gone: bool = False
    folders: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What lets git find all that there is of the source's snapshots."""
        return with_alternates(self.objects, *self.also)

    @property
    def target_now(self) -> str:
        """Where the files of the target worktree are at this moment."""
        return Folders(self.folders).origin(self.target_worktree) or self.target_worktree

    @property
    def lenders(self) -> list[str]:
        """Whose objects the target borrows, by the paths that these have when its folder has moved."""
        folders = Folders(self.folders)
        return [folders.mapped(lender) or lender for lender in alternates(self.objects)]

    @property
    def stays(self) -> bool:
        """Whether source and target are one directory, so that an undo meets there what it would have met."""
        return not self.source_gone and self.source_worktree == self.target_now


class SnapshotRoutes:
    """The passages between the places of one store, each found once; `relocated` are the folders that are followed."""

    def __init__(self, store: Store, places: Places, relocated: FolderMoves | None = None) -> None:
        self._store = store
        self._places = places
        self._layout = Layout.of(store)
        self._follows = relocated is not None
        self._moved, self._moving = Folders(()), Folders(())
        if relocated is not None and relocated.whereabouts is FolderState.WILL_MOVE:
            self._moving = Folders(relocated.folders)
        elif relocated is not None:
            self._moved = Folders(relocated.folders)
        self._found: dict[tuple[Binding, Binding], SnapshotRoute | str] = {}
        self._objects: dict[str, str] = {}
        self._others: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._targets: dict[str, Place] = {}

    def find(self, before: Binding, after: Binding) -> SnapshotRoute | str:
        """Return how snapshots get from one place to the other, or why they don't, in words."""
        key = before, after
        if key not in self._found:
            try:
                self._found[key] = self._find(before, after)
            except MigratorError as error:
                self._found[key] = str(error).rstrip(".")
        return self._found[key]

    def git_dir(self, binding: Binding) -> str | None:
        """Return the snapshot repository of a session that is bound like this, be it there or not; None if unknown."""
        worktree = self._old_worktree(binding)
        return None if worktree is None else self._layout.git_dir(binding.project_id, worktree)

    def _target(self, directory: str) -> Place:
        """Return a destination as it is on the disk now: many bindings go to one.

        What follows a folder keeps its sub-path, be it there or not; opencode then takes what is around it.
        """
        if directory not in self._targets:
            now = self._moving.origin(directory) or directory
            while self._follows and not Path(now).is_dir() and now != "/":
                now = os.path.dirname(now)
            self._targets[directory] = self._places.find(now)
        return self._targets[directory]

    def _find(self, before: Binding, after: Binding) -> SnapshotRoute | str:
        if before.workspace_id is not None:
            return "the session was in a workspace of opencode's own"
        source = self._old_worktree(before)
        if source is None:
            return f"nobody knows which worktree {before.directory} was in"
        target = self._target(after.directory)
        if target.vcs != "git":
            torn = self._follows and links.read_gitdir(target.directory)
            what = (
                "has lost its repository, until `git worktree repair` mends that" if torn else "is in no git repository"
            )
            return f"{target.directory} {what}"
        git_dirs = self._snapshots_of(source, before.project_id, target)
        if not git_dirs:
            return f"opencode has no snapshots of {source}"
        gone = self._is_gone(source)
        if source == target.worktree and not gone:
            gone = not self.was(before.project_id, target)
        elif not self._one_repository(before, source, target, gone=gone):
            return f"{source} and {target.worktree} are not one repository"
        worktree = self._moving.mapped(target.worktree) or target.worktree
        to_git_dir = self._layout.git_dir(target.project_id, worktree)
        objects = self._objects_of(target.worktree)
        also = tuple(f"{other}/objects" for other in git_dirs[1:])
        return SnapshotRoute(git_dirs[0], to_git_dir, source, worktree, objects, gone, self._moving.pairs, also)

    def _snapshots_of(self, source: str, project_id: str, target: Place) -> list[str]:
        """Return every snapshot repository that a worktree has, the one first in which opencode looked last."""
        own, key = self._layout.git_dir(project_id, source), (project_id, source)
        if key not in self._others:
            self._others[key] = [*self._layout.others(project_id, source)]
        others = [git_dir for id_, git_dir in self._others[key] if id_ == project_id or self.was(id_, target)]
        there = os.path.isfile(f"{own}/HEAD")
        return [own, *others] if there else others

    def _is_gone(self, source: str) -> bool:
        """Tell whether a worktree isn't where its snapshots have it, though something else may be there now.

        Folders change places, and opencode's desktop app makes anew what is gone.
        """
        if not Path(source).is_dir():
            return True
        if self._moved.mapped(source) is None:
            return False
        return self._moved.origin(source) is not None or self._places.find(source).worktree != source

    def _old_worktree(self, before: Binding) -> str | None:
        """Return the worktree that the session's snapshots are of, as its row's own `path` tells.

        Else it is what opencode makes of the directory today, or the worktree or sandbox of its project that it is in.
        """
        directory = before.directory
        if (told := checkout_root(directory, before.path)) is not None:
            return told
        if Path(directory).is_dir():
            return self._places.find(directory).worktree
        inside = (top for top in self._tops.get(before.project_id, ()) if is_within(directory, top))
        return max(inside, key=len, default=None)

    @cached_property
    def _tops(self) -> dict[str, list[str]]:
        """The worktrees that each project is known to have, or have had."""
        return {
            project.id: [top for each in (project.worktree, *project.sandboxes) if (top := each.rstrip("/"))]
            for project in self._store.projects()
        }

    def _one_repository(self, before: Binding, source: str, target: Place, *, gone: bool) -> bool:
        roots = self._places.root_commits(target.worktree)
        if gone:
            # What is gone can't be asked; its project id was its origin, or its first commit.
            return before.project_id in {target.project_id, *roots} - {GLOBAL}
        # A directory that is no checkout any more would answer for the repository around it.
        is_checkout = self._places.find(source).worktree == source
        return is_checkout and bool(roots & self._places.root_commits(source))

    def was(self, project_id: str, place: Place) -> bool:
        """Tell whether a place is known to have been of this project: else another repository may have come there."""
        if project_id == place.project_id or project_id in self._places.root_commits(place.worktree):
            return True
        kept = Path(self._objects_of(place.worktree)).with_name("opencode")
        return kept.is_file() and kept.read_text("utf-8-sig", "replace").strip() == project_id != GLOBAL

    def within(self, source: str, project_id: str, place: Place) -> SnapshotRoute:
        """Return the passage from a snapshot repository of the same worktree, made when it was of `project_id`."""
        worktree = place.worktree
        target = self._layout.git_dir(place.project_id, worktree)
        gone = not self.was(project_id, place)
        return SnapshotRoute(source, target, worktree, worktree, self._objects_of(worktree), gone)

    def _objects_of(self, worktree: str) -> str:
        if worktree not in self._objects:
            self._objects[worktree] = f"{common_directory(worktree)}/objects"
        return self._objects[worktree]
