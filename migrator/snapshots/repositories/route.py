"""Find the route of a moving session's snapshots: from which repository to which, or why there is none."""

from __future__ import annotations

import os
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from migrator.disk.spelling import folder_map, is_one_name, is_same_directory
from migrator.disk.status import is_directory, is_gone
from migrator.errors import CantTell, MigratorError, NoSuchDirectory, UnreadableDirectory
from migrator.model import GLOBAL, FolderState
from migrator.paths import FolderMap, checkout_root, names_of, upwards
from migrator.places.checkout import kept_project_id
from migrator.snapshots.git.alternates import read_alternates
from migrator.snapshots.git.readable import Readability
from migrator.snapshots.git.run import common_directory, with_alternates
from migrator.snapshots.repositories.layout import Layout, OtherRepositories
from migrator.snapshots.repositories.same_folder import is_same_folder, snapshot_stamps

if TYPE_CHECKING:
    from migrator.model import Binding, Change, FolderMoves, Place
    from migrator.places import Places
    from migrator.store.reader import Store


class SnapshotRoute(NamedTuple):
    """From one snapshot repository to another: their git directories, and the worktrees that they hold snapshots of.

    `target_objects` is the object directory of the target worktree's own repository, where that is now. It is an
    alternate of the target, and if the source worktree was renamed, the source's alternate is found there too.
    `source_gone` tells whether the source worktree isn't at its place any more, whatever is there instead.
    `moving_folders` are the folders that move next, old and new path of each: until then, the target worktree is at its
    old place. `other_source_objects` are object directories with snapshots of the source that opencode doesn't find any
    more. `of_other_database` tells that the sessions come from another database: maybe from one of another machine.
    """

    source: str
    target: str
    source_worktree: str
    target_worktree: str
    target_objects: str
    source_gone: bool = False
    moving_folders: tuple[tuple[str, str], ...] = ()
    other_source_objects: tuple[str, ...] = ()
    of_other_database: bool = False

    @property
    def git_environment(self) -> dict[str, str]:
        """The environment in which git finds all objects of the source's snapshots that there are."""
        return with_alternates(self.target_objects, *self.other_source_objects)

    @property
    def target_worktree_now(self) -> str:
        """Where the target worktree is at this moment."""
        return FolderMap(self.moving_folders).old_path(self.target_worktree) or self.target_worktree

    @property
    def target_alternates(self) -> list[str]:
        """The target's alternates, by the paths that these have once the folders have moved.

        They are the object directory of its worktree, and the alternates of that; those that don't exist are left out.
        """
        folders = FolderMap(self.moving_folders)
        lines = (self.target_objects, *read_alternates(self.target_objects))
        return [folders.new_path(line) or line for line in lines if is_directory(line)]

    @property
    def same_worktree(self) -> bool:
        """Whether source and target are one worktree, in which an undo does what it always did."""
        source, target = self.source_worktree, self.target_worktree_now
        return not self.source_gone and (source == target or is_one_name(source, target))


class NoRoute(NamedTuple):
    """Why snapshots can't go along; `known` is false if nobody can tell whether they can, and why."""

    because: str
    known: bool = True


class SnapshotRoutes:
    """The routes in one database, each found once; `relocated` are the folders that a relocation follows.

    `into` is another database, if the sessions come into that, with snapshots of its own. A worktree that has the path
    of one of theirs is theirs only if it has the very files: they may be of another machine.
    """

    def __init__(
        self, store: Store, places: Places, relocated: FolderMoves | None = None, into: Store | None = None
    ) -> None:
        self._store = store
        self._places = places
        self._layout = Layout.of(store) if into is None else Layout.beside(store)
        self._target_layout = self._layout if into is None else Layout.of(into)
        self._comes_in = into is not None
        self._share_place = self._layout.is_same_place(self._target_layout)  # both ends in one data directory
        self._is_relocation = relocated is not None
        self._moved, self._moving = FolderMap(()), FolderMap(())
        if relocated is not None and relocated.state is FolderState.WILL_MOVE:
            self._moving = folder_map(relocated)
        elif relocated is not None:
            self._moved = folder_map(relocated)
        self.find = cache(self._find)
        self.git_dir = cache(self._git_dir)
        self._target = cache(self._find_target)
        self._objects_of = cache(lambda worktree: f"{common_directory(worktree)}/objects")
        self._is_same_folder = cache(lambda git_dir, top: is_same_folder(snapshot_stamps(git_dir), top))
        self._other_repositories = OtherRepositories(self._layout).of

    def _find(self, before: Binding, after: Binding) -> SnapshotRoute | NoRoute:
        """Return the route of the snapshots, or why there is none."""
        try:
            found = self._find_or_raise(before, after)
        except MigratorError as error:
            is_seen = isinstance(error, NoSuchDirectory) and not isinstance(error, UnreadableDirectory)
            return NoRoute(str(error).rstrip("."), known=is_seen)
        return NoRoute(found) if isinstance(found, str) else found

    def is_within_checkout(self, change: Change) -> bool:
        """Tell whether a change leaves project and worktree as they are. Raises MigratorError if nobody can tell."""
        before = self.git_dir(change.before) if change.before.workspace_id is None and self._share_place else None
        return before is not None and before == self.git_dir(change.after)

    def _git_dir(self, binding: Binding) -> str | None:
        """Return the snapshot repository of a session with this binding, existing or not; None if unknown."""
        worktree = self._old_worktree(binding)
        return None if worktree is None else self._layout.git_dir(binding.project_id, worktree)

    def _find_target(self, directory: str) -> Place:
        """Return the place of a destination as it is on the disk now.

        A session that follows a folder keeps its sub-path even if that doesn't exist; then this is the nearest
        directory above, as in opencode.
        """
        now = self._moving.old_path(directory) or directory
        there = filter(is_directory, upwards(now)) if self._is_relocation else ()
        return self._places.find(next(iter(there), now))

    def _find_or_raise(self, before: Binding, after: Binding) -> SnapshotRoute | str:
        """Return the route, or a sentence why there certainly is none. Raises MigratorError if nobody can tell."""
        if before.workspace_id is not None:
            return "the session was in a workspace of opencode's own"
        source = self._old_worktree(before)
        if source is None:
            return f"nobody knows which worktree {before.directory} was in"
        target = self._target(after.directory)
        if target.vcs != "git":
            return f"{target.directory} is in no git repository"
        git_dirs = self._snapshots_of(source, before.project_id, target)
        if not git_dirs:
            has_none = self._comes_in and is_gone(self._layout.root)
            return (
                "no snapshots are beside the other database" if has_none else f"opencode has no snapshots of {source}"
            )
        gone = self._is_gone(source, before.project_id) or not self._is_of_here(git_dirs[0], source)
        if source == target.worktree and not gone:
            gone = not self.has_belonged_to(before.project_id, target)
        elif why_not := self._why_unrelated(before, source, target, git_dirs[0] if gone else None):
            return why_not
        worktree = self._moving.new_path(target.worktree) or target.worktree
        return SnapshotRoute(
            git_dirs[0],
            self._target_layout.git_dir(target.project_id, worktree),
            source,
            worktree,
            self._objects_of(target.worktree),
            gone,
            self._moving.pairs,
            tuple(f"{other}/objects" for other in git_dirs[1:]),
            self._comes_in,
        )

    def _snapshots_of(self, source: str, project_id: str, target: Place) -> list[str]:
        """Return every snapshot repository of a worktree, first the one that opencode used last."""
        own = self._layout.git_dir(project_id, source)
        others = [
            git_dir
            for id_, git_dir in self._other_repositories(project_id, source)
            if id_ == project_id or self.has_belonged_to(id_, target)
        ]
        return [own, *others] if self._layout.has(own) else others

    def _is_gone(self, source: str, project_id: str) -> bool:
        """Tell whether a project's worktree isn't at its place any more, though another directory may be.

        Folders change places, and opencode's desktop app makes a missing directory again.
        """
        if not is_directory(source):
            return True
        if self._moved.new_path(source) is None:
            return False
        place = self._places.find(source)
        taken = place.worktree != source or not self.has_belonged_to(project_id, place)
        return taken or self._moved.old_path(source) is not None

    def _is_of_here(self, git_dir: str, source: str) -> bool:
        """Tell whether a source worktree that is there is the one of which a repository has snapshots.

        It is, if the repository is of our own data directory; another may be of another machine, or of a clone.
        """
        return self._share_place or self._is_same_folder(git_dir, source) is True

    def _old_worktree(self, before: Binding) -> str | None:
        """Return the worktree that the session's snapshots are of: the checkout root that its row's `path` implies.

        Without one, it is what opencode makes of the directory today, or the known worktree of its project that the
        directory is in.
        """
        directory = before.directory
        if (root := checkout_root(directory, before.path)) is not None:
            return root
        if is_directory(directory):
            return self._places.find(directory).worktree
        return checkout_root(directory, None, self._known_worktrees.get(before.project_id, ()))

    @cached_property
    def _known_worktrees(self) -> dict[str, list[str]]:
        """The worktrees that each project has or had, by its row."""
        return {
            project.id: [root for root in (project.worktree, *project.sandboxes) if names_of(root)]
            for project in self._store.projects()
        }

    def _why_unrelated(self, before: Binding, source: str, target: Place, snapshots: str | None) -> str | None:
        """Say why an undo of what was done in `source` may do something else in the target; None if it doesn't.

        If the source is gone, `snapshots` is the repository of its snapshots. A clone has the same project id and
        commits, and an undo in it would delete files that no turn made there: the source's own files must be there, or
        the user must say that the folder moved. Raises CantTell if nobody can tell.
        """
        roots = self._places.root_commits(target.worktree)
        not_one = f"{source} and {target.worktree} are not one repository"
        if snapshots is None:
            # For a directory that isn't a checkout any more, git would answer with the repository around it.
            is_checkout = is_same_directory(self._places.find(source).worktree, source)
            return None if is_checkout and roots & self._places.root_commits(source) else not_one
        if before.project_id not in {target.project_id, *roots} - {GLOBAL}:
            return not_one
        if self._is_relocation or self._is_same_folder(snapshots, target.worktree):
            return None
        if why_unreadable := Readability().why_unreadable(snapshots):
            raise CantTell(why_unreadable)
        if self._comes_in:
            return f"nothing shows that {target.worktree} is the very folder that the other database has snapshots of"
        return f"{source} is gone, and nothing shows that {target.worktree} is what was there"

    def has_belonged_to(self, project_id: str, place: Place) -> bool:
        """Tell whether a place certainly belongs or belonged to a project; else it may be another repository by now."""
        if project_id == place.project_id or project_id in self._places.root_commits(place.worktree):
            return True
        return kept_project_id(os.path.dirname(self._objects_of(place.worktree))) == project_id != GLOBAL

    def from_other_repository(self, source: str, project_id: str, place: Place) -> SnapshotRoute:
        """Return the route from another repository of the same worktree, made while it belonged to `project_id`."""
        worktree = place.worktree
        target = self._layout.git_dir(place.project_id, worktree)
        gone = not self.has_belonged_to(project_id, place)
        return SnapshotRoute(source, target, worktree, worktree, self._objects_of(worktree), gone)
