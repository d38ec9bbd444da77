"""The answers of opencode 1, in the order of the contract."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from migrator.places.opencode_1 import binding_of_opencode_1
from migrator.snapshots.contract import Opencode
from migrator.snapshots.opencode_1.carry import CarryChecker
from migrator.snapshots.opencode_1.effects import EffectFinderOf1
from migrator.snapshots.opencode_1.recover import find_recoveries_of_1
from migrator.snapshots.opencode_1.redo import overwritten_by_redo_of_1
from migrator.snapshots.opencode_1.targets import TargetsOf1
from migrator.store.turns import records_of_1, redo_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Binding, Change
    from migrator.snapshots.carry_decision import CarryDecision
    from migrator.snapshots.contract import Recoveries, UndoTarget
    from migrator.snapshots.git.readable import Readability
    from migrator.snapshots.repositories.route import SnapshotRoutes
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.turns import Turn, UndoRecord


class Opencode1(Opencode):
    """What opencode 1 answers."""

    number = 1
    session_table = "session"
    carries_anywhere = True

    @cached_property
    def _targets(self) -> TargetsOf1:
        return TargetsOf1(self.store, self.places)

    def records(self, sessions: Iterable[str]) -> Mapping[str, UndoRecord]:
        return records_of_1(self.store, sessions)

    def target(self, binding: Binding, marker: str | None) -> UndoTarget:
        return self._targets.find(binding, redoable=bool(redo_snapshot(marker)))

    def finder(
        self, target: UndoTarget, sessions: Mapping[str, Sequence[Turn]], readability: Readability
    ) -> EffectFinderOf1:
        return EffectFinderOf1(target, sessions, readability, by_worktree=self._targets.layout.by_worktree)

    def seen(self, changes: Iterable[Change]) -> dict[str, Change]:
        by_id = {change.session: change for change in changes}
        vcs = {project.id: project.vcs for project in self.store.projects()}
        found = {}
        for id_, (before, _) in self.store.bindings(by_id, self.number).items():
            after = by_id[id_].after
            there = binding_of_opencode_1(after, vcs.get(after.project_id, "git"))
            found[id_] = by_id[id_]._replace(before=before, after=there)
        return found

    def decide(self, routes: SnapshotRoutes, changes: Sequence[Change]) -> dict[str, CarryDecision]:
        return CarryChecker(self.store, routes).check(changes)

    def recover(self, effects: Mapping[str, Sequence[TurnEffect]]) -> Recoveries:
        return find_recoveries_of_1(self.store, self.places, self._targets, effects)

    def overwritten_by_redo(self, sessions: Iterable[str]) -> dict[str, list[str]]:
        return overwritten_by_redo_of_1(self.store, self._targets, sessions)
