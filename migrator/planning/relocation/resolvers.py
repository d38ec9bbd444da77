"""Where the sessions of a moved folder belong: one resolver for each `migrator.model.FolderState`."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.spelling import is_one_name
from migrator.disk.status import is_directory, is_there, no_directory
from migrator.errors import CantTell, NoSuchDirectory, UnreadableDirectory
from migrator.model import GLOBAL, Binding, FolderState, Place
from migrator.paths import (
    FolderMap,
    below,
    checkout_root,
    from_root,
    is_of_another_system,
    is_within,
    last_name,
    move_below,
    normalise,
    session_path,
    slashed,
    upwards,
)
from migrator.places import git_worktrees
from migrator.places.checkout import Checkout, directory_project, directory_project_id, is_outside_repository

if TYPE_CHECKING:
    from migrator.places import Places


class Resolver(ABC):
    """Tells what opencode will make of the new directories once all folders have moved."""

    def __init__(self, places: Places, folders: FolderMap) -> None:
        self._places = places
        self._folders = folders

    @abstractmethod
    def check_folders(self) -> None:
        """Raise NoSuchDirectory, with what to do, if the folders aren't where they should be now."""

    @abstractmethod
    def place(self, before: Binding, directory: str) -> Place:
        """Return what opencode will make of a new directory, for a session that was bound as in `before`."""

    @abstractmethod
    def is_of_project(self, directory: str, project_id: str) -> bool:
        """Tell whether a new directory can belong to this project; True if it won't exist, since nothing says no."""

    @abstractmethod
    def will_exist(self, directory: str) -> bool:
        """Tell whether there will be a directory at this path. Raises MigratorError if nobody can tell."""

    def current_path(self, directory: str) -> str:
        """Return today's path of what will be at `directory`."""
        return directory

    def nearest_existing(self, directory: str) -> str:
        """Return `directory`, or the nearest one above it that will exist: the new folder itself does."""
        return next(above for above in upwards(directory) if self.will_exist(above))

    def place_in_missing_checkout(self, before: Binding, directory: str) -> Place | None:
        """Return a session's place if its checkout won't exist, as when it was deleted before the folder moved.

        Nothing on the disk says that it is another project now, and if the checkout comes back, its id is the same.
        """
        root = self._folders.new_path(_checkout_root(before))
        if is_outside_repository(before.project_id, before.directory) or root is None or self.will_exist(root):
            return None
        return Checkout(before.project_id, root, root, "git").place(directory)


class ForeignResolver(Resolver):
    """Looks at nothing on the disk: a session keeps its project, and its path below the checkout."""

    def check_folders(self) -> None:
        """Check nothing."""

    def place(self, before: Binding, directory: str) -> Place:
        """Return the place that the session had, below the new folder."""
        if _is_in_directory_project(before):
            place = directory_project(directory).place(directory)
            return replace(place, follows=place.binding)
        old = normalise(before.directory)
        outside = before.project_id == GLOBAL and before.path in {from_root(old), slashed(old)}
        path = from_root(directory) if outside else before.path
        root = "/" if outside else self._folders.new_path(_checkout_root(before)) or directory
        vcs = None if before.project_id == GLOBAL else "git"
        follows = Binding(before.project_id, directory, path)
        return Place(directory, before.project_id, root, path or "", vcs, root, follows)

    def is_of_project(self, directory: str, project_id: str) -> bool:
        """Return True: nothing is known that contradicts it."""
        del directory, project_id
        return True

    def will_exist(self, directory: str) -> bool:
        """Return True: nothing is known that contradicts it."""
        del directory
        return True


class _DisconnectedWorktree(NamedTuple):
    """A linked worktree whose `.git` names the place where its repository was before the move; `root` is its top."""

    root: str


def _check_system(directory: str) -> None:
    """Raise NoSuchDirectory for a directory that this system can't have."""
    if is_of_another_system(directory):
        raise NoSuchDirectory(
            f"{directory} is a path of another system, so nothing can be looked at there; say --foreign to map the "
            "paths alone."
        )


class MovedResolver(Resolver):
    """Looks at the new folders, which are in their places: what opencode makes of a directory there decides."""

    def check_folders(self) -> None:
        """Raise NoSuchDirectory unless every new folder exists, CantTell if that can't be told."""
        for old, new in self._folders.pairs:
            _check_system(new)
            if not is_directory(new):
                to_do = f": move {old} there first, or say --will-move to follow it before you move it"
                if not is_there(old):
                    to_do = f", and nothing is at {old} either: say where the folder is now"
                raise NoSuchDirectory(
                    f"{new} {no_directory(new)}{to_do}, or say --foreign if both are in another home, disk or "
                    "container."
                )

    def place(self, before: Binding, directory: str) -> Place:
        """Return what opencode makes of `directory`, or would if it were there."""
        existing = self.nearest_existing(directory)
        place = self._find(existing)
        real = move_below(directory, existing, os.path.realpath(existing))
        if isinstance(place, _DisconnectedWorktree):
            # Once `git worktree repair` has run, it is again the checkout that it was.
            return Checkout(before.project_id, place.root, place.root, "git").place(real)
        if existing == directory:
            return place
        if missing := self.place_in_missing_checkout(before, real):
            return missing
        if _is_in_directory_project(place.binding):
            return directory_project(real).place(real)
        return replace(place, directory=real, path=session_path(real, place.worktree))

    def _find(self, directory: str) -> Place | _DisconnectedWorktree:
        """Return what opencode makes of a directory, or the worktree that lost its repository by this very move."""
        try:
            return self._places.find(directory)
        except UnreadableDirectory:
            raise
        except CantTell:
            root = self._places.git_root(os.path.realpath(directory))
            admin = git_worktrees.admin_dir(root) if root else None
            if root is None or admin is None or self.will_exist(admin):
                raise
            if not self.will_exist(moved_admin_dir(root, admin, self._folders)):
                raise
            return _DisconnectedWorktree(root)

    def is_of_project(self, directory: str, project_id: str) -> bool:
        """Ask what opencode makes of the directory, if it exists."""
        if not self.will_exist(directory):
            return True
        place = self._find(directory)
        return isinstance(place, _DisconnectedWorktree) or place.project_id == project_id

    def will_exist(self, directory: str) -> bool:
        """Tell whether it exists now."""
        return is_directory(directory)


class WillMoveResolver(Resolver):
    """Looks at the old folders, which move next: a checkout moves along, anything else joins the one around it then."""

    def check_folders(self) -> None:
        """Raise NoSuchDirectory unless every old folder exists, and can be moved to its new path; CantTell as above."""
        taken: dict[str, str] = {}
        for old, new in self._folders.pairs:
            _check_system(old)
            _check_system(new)
            parent = os.path.dirname(new)
            if not is_directory(old):
                raise NoSuchDirectory(f"{old} {no_directory(old)}; leave out --will-move if it has been moved already.")
            if is_within(new, old):
                raise NoSuchDirectory(f"{old} can't be moved into itself, to {new}.")
            if is_there(new) and self._folders.new_path(new) is None and not is_one_name(old, new):
                inside = below(new, [last_name(old)])
                raise NoSuchDirectory(
                    f"{new} exists already, so `mv` would put {old} into it: if that is what you want, say {inside}; "
                    "if the folder has been moved, leave out --will-move.",
                )
            if not self.will_exist(parent):
                raise NoSuchDirectory(f"{parent} does not exist, so {old} can't be moved there; make it first.")
            real = os.path.realpath(old)
            if taken.setdefault(new, real) != real:
                raise NoSuchDirectory(f"{taken[new]} and {real} can't both be moved to {new}.")

    def place(self, before: Binding, directory: str) -> Place:
        """Return what opencode will make of `directory`."""
        existing = self.nearest_existing(directory)
        if existing != directory and (missing := self.place_in_missing_checkout(before, directory)):
            return missing
        checkout = self._checkout(existing)
        if checkout.project_id == directory_project_id(existing):
            return directory_project(directory).place(directory)
        moved = replace(
            checkout,
            worktree=self._folders.new_path(checkout.worktree) or checkout.worktree,
            project_worktree=self._folders.new_path(checkout.project_worktree) or checkout.project_worktree,
        )
        return moved.place(directory)

    def _checkout(self, directory: str) -> Checkout:
        """Return the checkout that a directory will be in, with its paths of today."""
        for above in upwards(directory):
            now = self._folders.old_path(above)
            if now is not None and self._places.is_marked(now):
                return self._places.checkout(now)
        return self._places.outside_repository(directory)

    def is_of_project(self, directory: str, project_id: str) -> bool:
        """Ask what opencode will make of the directory, if it will exist."""
        return not self.will_exist(directory) or self._checkout(directory).project_id == project_id

    def will_exist(self, directory: str) -> bool:
        """Tell whether there is a directory now that will be at this path."""
        now = self._folders.old_path(directory)
        return now is not None and is_directory(now)

    def current_path(self, directory: str) -> str:
        """Return today's path of what will be at `directory`."""
        return self._folders.old_path(directory) or directory


RESOLVERS: dict[FolderState, type[Resolver]] = {
    FolderState.MOVED: MovedResolver,
    FolderState.WILL_MOVE: WillMoveResolver,
    FolderState.FOREIGN: ForeignResolver,
}


def moved_admin_dir(worktree: str, admin: str, folders: FolderMap) -> str:
    """Return where a repository's record of a linked worktree is after both moved, and `.git` still names `admin`."""
    if git_worktrees.names_relative_path(worktree):
        was = folders.old_path(worktree) or worktree
        admin = normalise(os.path.join(was, os.path.relpath(admin, worktree)))
    return folders.new_path(admin) or admin


def _is_in_directory_project(binding: Binding) -> bool:
    """Tell whether a session is in the project that opencode 2 has for its very directory, in no repository."""
    return binding.project_id != GLOBAL and is_outside_repository(binding.project_id, binding.directory)


def _checkout_root(before: Binding) -> str:
    """Return what `paths.checkout_root` does by the session's row alone, or the directory if that doesn't say."""
    directory = normalise(before.directory)
    return checkout_root(directory, before.path) or directory
