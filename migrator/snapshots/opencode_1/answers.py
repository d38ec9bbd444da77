"""The answers of opencode 1, in the order of the contract.

Where an undo acts doesn't depend on a session's own project id: opencode opens the session's directory and takes the
project of that. If the directory is gone, it takes the repository around it, or none. (All of it seen with 1.18.34.)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from migrator.disk.status import is_directory, is_there, status_of
from migrator.paths import is_of_this_system
from migrator.places.opencode_1 import binding_of_opencode_1
from migrator.snapshots.contract import Opencode, UndoTarget, nearest
from migrator.snapshots.opencode_1.carry import CarryChecker
from migrator.snapshots.opencode_1.effects import EffectFinderOf1
from migrator.snapshots.opencode_1.recover import find_recoveries_of_1
from migrator.snapshots.opencode_1.redo import overwritten_by_redo_of_1
from migrator.snapshots.repositories.layout import OtherRepositories
from migrator.store.turns import records_of_1

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Change
    from migrator.places import Places
    from migrator.snapshots.carry_decision import CarryDecision
    from migrator.snapshots.contract import Recoveries
    from migrator.snapshots.repositories.route import SnapshotRoutes
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.reader import Store
    from migrator.store.turns import UndoRecord


class Opencode1(Opencode):
    """What opencode 1 answers."""

    number = 1
    session_table = "session"
    carries_anywhere = True
    finder = EffectFinderOf1

    def __init__(self, store: Store, places: Places) -> None:
        super().__init__(store, places)
        self._workspaces, self._others = store.workspaces(), OtherRepositories(self.layout)
        # Whether it gives a new snapshot repository alternates: 1.18.34 does, 1.15.13 and 1.3.2 don't; the table came
        # with 1.17.
        self._writes_alternates = bool(store.columns_of("migration"))

    def records(self, sessions: Iterable[str]) -> Mapping[str, UndoRecord]:
        return records_of_1(self.store, sessions)

    def look(self, directory: str, workspace_id: str | None, is_undone: bool) -> UndoTarget:
        if workspace_id is not None:
            workspace = self._workspaces.get(workspace_id)
            if workspace is None or workspace.type != "worktree" or workspace.directory is None:
                return UndoTarget(None, because="opencode can't open its workspace")
            directory = workspace.directory
        if not is_of_this_system(directory):
            return UndoTarget(None, because=f"{directory!r} is no path of this system")
        if status_of(directory) is not None and not is_directory(directory):
            return UndoTarget(None, because=f"{directory} is no directory")
        place = self.places.find(nearest(directory) or directory)
        worktree, git_dir = place.worktree, self.layout.git_dir(place.project_id, place.worktree)
        if self.layout.has(git_dir):
            return UndoTarget(worktree, git_dir, "opencode has pruned its snapshot", place=place)
        if place.vcs != "git":
            return UndoTarget(worktree, because="the session is in no git repository now")
        because = "opencode has no snapshots of this worktree"
        others = self._others.of(place.project_id, worktree)
        if os.path.basename(git_dir) in {os.path.basename(other) for _, other in others}:
            because = "opencode looks for its snapshot under another project id than it was made"
        # With a redo at hand it takes no snapshot before it undoes more, and so makes no missing repository.
        makes_one = self._writes_alternates and not is_undone and not is_there(git_dir)
        return UndoTarget(worktree, self.objects_of(worktree) if makes_one else None, because, place=place)

    def seen(self, changes: Mapping[str, Change]) -> dict[str, Change]:
        vcs = {project.id: project.vcs for project in self.store.projects()}
        found = {}
        for id_, (before, _) in self.store.bindings(changes, self.number).items():
            after = changes[id_].after
            there = binding_of_opencode_1(after, vcs.get(after.project_id, "git"))
            found[id_] = changes[id_]._replace(before=before, after=there)
        return found

    def decide(self, routes: SnapshotRoutes, changes: Sequence[Change]) -> dict[str, CarryDecision]:
        return CarryChecker(self.store, routes).check(changes)

    def recover(self, effects: Mapping[str, Sequence[TurnEffect]]) -> Recoveries:
        return find_recoveries_of_1(self, effects)

    def overwritten_by_redo(self, sessions: Iterable[str]) -> dict[str, list[str]]:
        return overwritten_by_redo_of_1(self, sessions)
