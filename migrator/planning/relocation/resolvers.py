"""What decides where a session belongs whose folder moved: see `migrator.model.FolderState`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from migrator.errors import NoSuchDirectory
from migrator.model import Binding, Place
from migrator.paths import Folders, checkout_root, is_within, move_below, normalise
from migrator.places import git, git_worktrees
from migrator.places.checkout import GLOBAL, directory_project_id, is_outside_repository

if TYPE_CHECKING:
    from migrator.places import Places
    from migrator.places.checkout import Checkout


class Resolver(Protocol):
    """One of the three grounds."""

    def check(self) -> None:
        """Raise NoSuchDirectory, with what to do, where the folders aren't where they should be."""

    def place(self, before: Binding, wanted: str) -> Place:
        """Return what opencode makes of `wanted` once everything is in its place, for a session that was `before`."""

    def holds(self, directory: str, project_id: str) -> bool:
        """Tell whether a row of a project may say that it has this directory."""

    def exists(self, directory: str) -> bool:
        """Tell whether this directory is there once everything is in its place."""

    def today(self, directory: str) -> str:
        """Return where now is what will be at `directory`."""


class Foreign:
    """Nothing is looked at: a session keeps its project, and its path below the checkout."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def check(self) -> None:
        """Ask for nothing."""

    def place(self, before: Binding, wanted: str) -> Place:
        """Return the same place below other folders."""
        if _is_own(before):
            own = _own(wanted)
            return replace(own, follows=own.binding)
        path = before.path
        outside = before.project_id == GLOBAL and path == normalise(before.directory)[1:]
        if outside:  # opencode counts from /
            path = wanted[1:]
        top = "/" if outside else self._folders.mapped(_top(before)) or wanted
        vcs = None if before.project_id == GLOBAL else "git"
        follows = Binding(before.project_id, wanted, path)
        return Place(wanted, before.project_id, top, path or "", vcs, top, follows)

    def holds(self, directory: str, project_id: str) -> bool:
        """Believe it."""
        del directory, project_id
        return True

    def exists(self, directory: str) -> bool:
        """Believe it."""
        del directory
        return True

    def today(self, directory: str) -> str:
        """Return it as it is."""
        return directory


class Moved:
    """The folders are where they belong now, and what opencode makes of a directory there decides."""

    def __init__(self, places: Places, folders: Folders) -> None:
        self._places = places
        self._folders = folders

    def check(self) -> None:
        """Every new folder must be there."""
        for old, new in self._folders.pairs:
            if not os.path.isdir(new):
                what = "is no directory" if os.path.lexists(new) else "does not exist"
                raise NoSuchDirectory(
                    f"{new} {what}: move {old} there first, or say --will-move to follow it before you move it, or "
                    "--foreign if both are in another home, disk or container.",
                )

    def place(self, before: Binding, wanted: str) -> Place:
        """Return what opencode makes of `wanted`, or would if it were there."""
        existing = _nearest(wanted, self)
        place = self._places.find(existing)
        if place.vcs is None and (marked := self._torn(place.directory)):
            # git's part is still to be done; then it is again the checkout that it was.
            wanted = move_below(wanted, existing, place.directory)
            return Place(wanted, before.project_id, marked, _relative(wanted, marked), "git", marked)
        if existing == wanted:
            return place
        wanted = move_below(wanted, existing, place.directory)
        if gone := _gone(before, wanted, self, self._folders):
            return gone
        if _is_own(place.binding):
            return _own(wanted)
        return replace(place, directory=wanted, path=_relative(wanted, place.worktree))

    def _torn(self, directory: str) -> str | None:
        """Return the linked worktree that a directory is in, if it lost its repository by this very move."""
        marked = git.repository_root(directory)
        admin = git_worktrees.admin_dir(marked) if marked else None
        if marked is None or admin is None or self.exists(admin):
            return None
        return marked if self.exists(moved_admin_dir(marked, admin, self._folders)) else None

    def holds(self, directory: str, project_id: str) -> bool:
        """Ask opencode's own rules; what isn't there contradicts nothing."""
        if not self.exists(directory):
            return True
        place = self._places.find(directory)
        return place.project_id == project_id or (place.vcs is None and self._torn(place.directory) is not None)

    def exists(self, directory: str) -> bool:
        """Look."""
        return os.path.isdir(directory)

    def today(self, directory: str) -> str:
        """Return it as it is."""
        return directory


class WillMove:
    """The folders are still where they were: a checkout within one goes along, anything else is what it comes into."""

    def __init__(self, places: Places, folders: Folders) -> None:
        self._places = places
        self._folders = folders

    def check(self) -> None:
        """Every old folder must be there, and every new one be free."""
        taken: dict[str, str] = {}
        for old, new in self._folders.pairs:
            parent = os.path.dirname(new)
            if not os.path.isdir(old):
                raise NoSuchDirectory(f"{old} is no directory that could be moved; without --will-move if it has been.")
            if is_within(new, old):
                raise NoSuchDirectory(f"{old} can't be moved into itself, to {new}.")
            if os.path.lexists(new) and self._folders.mapped(new) is None:
                inside = f"{new.rstrip('/')}/{os.path.basename(old)}"
                raise NoSuchDirectory(
                    f"{new} exists already, so `mv` would put {old} into it: if that is what you want, say {inside}; "
                    "if the folder has been moved, leave out --will-move.",
                )
            if not self.exists(parent):
                raise NoSuchDirectory(f"{parent} does not exist, so {old} can't be moved there; make it first.")
            real = os.path.realpath(old)
            if taken.setdefault(new, real) != real:
                raise NoSuchDirectory(f"{taken[new]} and {real} can't both be moved to {new}.")

    def place(self, before: Binding, wanted: str) -> Place:
        """Return what opencode will make of `wanted`."""
        existing = _nearest(wanted, self)
        if existing != wanted and (gone := _gone(before, wanted, self, self._folders)):
            return gone
        checkout = self._checkout(existing)
        if checkout.project_id == directory_project_id(existing):
            return _own(wanted)
        top = self._after(checkout.worktree)
        return Place(
            wanted,
            checkout.project_id,
            top,
            _relative(wanted, top),
            checkout.vcs,
            self._after(checkout.project_worktree),
        )

    def _checkout(self, directory: str) -> Checkout:
        """Return the checkout that will be around a directory, described as it is now."""
        for above in (Path(directory), *Path(directory).parents):
            now = self._folders.origin(str(above))
            if now is not None and any(os.access(f"{now}/{marker}", os.F_OK) for marker in self._places.marker_names):
                found = self._places.checkout(now)
                return (
                    self._places.outside_repository(directory)
                    if found == self._places.outside_repository(now)
                    else found
                )
        return self._places.outside_repository(directory)

    def _after(self, path: str) -> str:
        return self._folders.mapped(path) or path

    def holds(self, directory: str, project_id: str) -> bool:
        """Ask what it will be; what isn't there contradicts nothing."""
        return not self.exists(directory) or self._checkout(directory).project_id == project_id

    def exists(self, directory: str) -> bool:
        """Look at what will be there."""
        now = self._folders.origin(directory)
        return now is not None and os.path.isdir(now)

    def today(self, directory: str) -> str:
        """Return where it is before it moves."""
        return self._folders.origin(directory) or directory


def _nearest(wanted: str, resolver: Resolver) -> str:
    """Return `wanted`, or the nearest directory above it that exists: the new folder itself does."""
    return next(str(above) for above in (Path(wanted), *Path(wanted).parents) if resolver.exists(str(above)))


def moved_admin_dir(worktree: str, admin: str, folders: Folders) -> str:
    """Return where a repository's record of a linked worktree is after both moved, and `.git` still names `admin`."""
    if git_worktrees.names_relative_path(worktree):
        was = folders.origin(worktree) or worktree
        admin = normalise(os.path.join(was, os.path.relpath(admin, worktree)))
    return folders.mapped(admin) or admin


def _gone(before: Binding, wanted: str, resolver: Resolver, folders: Folders) -> Place | None:
    """Return a session's place in a checkout that is not there, be it deleted long before the folder moved.

    Nothing on the disk says that it is another project now, and its id is what brings it home when it is back.
    """
    top = folders.mapped(_top(before))
    if is_outside_repository(before.project_id, before.directory) or top is None or resolver.exists(top):
        return None
    return Place(wanted, before.project_id, top, _relative(wanted, top), "git", top)


def _is_own(binding: Binding) -> bool:
    """Tell whether a session is in the project that opencode 2 has for its very directory, in no repository."""
    return binding.project_id != GLOBAL and is_outside_repository(binding.project_id, binding.directory)


def _own(directory: str) -> Place:
    """Return what opencode 2 makes of a directory in no repository."""
    return Place(directory, directory_project_id(directory), directory, "", None, directory)


def _top(before: Binding) -> str:
    """Return the top of the checkout that a session was in; the directory itself if its row doesn't tell."""
    directory = normalise(before.directory)
    return checkout_root(directory, before.path) or directory


def _relative(directory: str, top: str) -> str:
    return "" if directory == top else os.path.relpath(directory, top)
