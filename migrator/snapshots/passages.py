"""From which snapshot repository to which, for a session that moves, and whether there is a way at all."""

from __future__ import annotations

import os
from functools import cached_property
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
        self._objects: dict[str, str] = {}
        self._targets: dict[str, Place] = {}

    def find(self, before: Binding, after: Binding) -> Passage | str:
        """Return how snapshots get from one place to the other, or why they don't, in words."""
        key = before, after
        if key not in self._found:
            try:
                self._found[key] = self._find(before, after)
            except MigratorError as error:
                self._found[key] = str(error).rstrip(".")
        return self._found[key]

    def _target(self, directory: str) -> Place:
        """Return a destination: many bindings go to one."""
        if directory not in self._targets:
            self._targets[directory] = self._places.find(directory)
        return self._targets[directory]

    def _find(self, before: Binding, after: Binding) -> Passage | str:
        if before.workspace_id is not None:
            return "the session was in a workspace of opencode's own"
        source = self._old_worktree(before)
        if source is None:
            return f"nobody knows which worktree {before.directory} was in"
        git_dir = self._layout.git_dir(before.project_id, source)
        if not os.path.isfile(f"{git_dir}/HEAD"):  # noqa: PTH113 - strings, of which there may be thousands
            return f"opencode has no snapshots of {source}"
        target = self._target(after.directory)
        if target.vcs != "git":
            return f"{target.directory} is in no git repository"
        if not self._one_repository(before, source, target):
            return f"{source} and {target.worktree} are not one repository"
        to_git_dir = self._layout.git_dir(target.project_id, target.worktree)
        return Passage(git_dir, to_git_dir, source, target.worktree, self._objects_of(target.worktree))

    def _old_worktree(self, before: Binding) -> str | None:
        """Return the worktree that the session's snapshots are of: its row's own `path` says how far up it is.

        Rows from before opencode 1.14 have none, and rows that opencode adopted when a repository appeared around them
        (1.2.27 to 1.18.34) keep the one they had outside of any: the directory without its leading slash. Then it is
        what opencode makes of the directory today, or the worktree or sandbox of its project that it is in.
        """
        directory, path = before.directory, before.path
        if path == "":
            return directory
        if path is not None and path != directory[1:] and directory.endswith("/" + path):
            return directory[: -len(path) - 1]
        if Path(directory).is_dir():
            return self._places.find(directory).worktree
        inside = (top for top in self._tops.get(before.project_id, ()) if f"{directory}/".startswith(f"{top}/"))
        return max(inside, key=len, default=None)

    @cached_property
    def _tops(self) -> dict[str, list[str]]:
        """The worktrees that each project is known to have, or have had."""
        return {
            project.id: [top for each in (project.worktree, *project.sandboxes) if (top := each.rstrip("/"))]
            for project in self._store.projects()
        }

    def _one_repository(self, before: Binding, source: str, target: Place) -> bool:
        if source == target.worktree:
            return True
        roots = self._places.root_commits(target.worktree)
        if not Path(source).is_dir():
            # What is gone can't be asked; its project id was its origin, or its first commit.
            return before.project_id in {target.project_id, *roots} - {GLOBAL}
        # A directory that is no checkout any more would answer for the repository around it.
        is_checkout = self._places.find(source).worktree == source
        return is_checkout and bool(roots & self._places.root_commits(source))

    def _objects_of(self, worktree: str) -> str:
        if worktree not in self._objects:
            self._objects[worktree] = f"{common_directory(worktree)}/objects"
        return self._objects[worktree]
