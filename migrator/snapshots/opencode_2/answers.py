"""The answers of opencode 2, in the order of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.paths import checkout_root
from migrator.snapshots.carry_decision import CarryDecision
from migrator.snapshots.contract import Opencode, UndoTarget, nearest
from migrator.snapshots.opencode_2.effects import EffectFinderOf2
from migrator.store.opencode_2.turns import places_named, records_of_2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.model import Binding, Change
    from migrator.snapshots.repositories.route import SnapshotRoutes
    from migrator.snapshots.undo_effect import TurnEffect
    from migrator.store.turns import UndoRecord


class Opencode2(Opencode):
    """What opencode 2 answers; what a redo would restore is a turn among its records."""

    number = 2
    session_table = "session_v2"
    carries_anywhere = False
    finder = EffectFinderOf2

    def records(self, sessions: Iterable[str]) -> Mapping[str, UndoRecord]:
        return records_of_2(self.store, sessions)

    def look(self, directory: str, workspace_id: str | None, _is_undone: bool) -> UndoTarget:
        if workspace_id is not None:
            return UndoTarget(None, because="nobody knows what opencode 2 does in its workspaces", known=False)
        if not (there := nearest(directory)):
            return UndoTarget(None, because=f"{directory!r} is no path of this system")
        place = self.places.find(there)
        if place.vcs != "git":
            return UndoTarget(None, because=f"{directory} is in no git repository, so an undo fails", place=place)
        if there != directory:
            doubt = f"and nobody knows whether opencode 2 would then act in the repository around it, {place.worktree}"
            return UndoTarget(None, because=f"{directory} is gone, {doubt}", known=False)
        git_dir = self.layout.git_dir(place.project_id, place.worktree)
        if self.layout.has(git_dir):
            return UndoTarget(place.worktree, git_dir, place=place)
        because = "opencode has no snapshots of this worktree"  # it makes the repository before it restores
        return UndoTarget(place.worktree, self.objects_of(place.worktree), because, place=place)

    def decide(self, _routes: SnapshotRoutes, changes: Sequence[Change]) -> dict[str, CarryDecision]:
        """Keep what was proven to have been made in the checkout.

        Its names are relative to the worktree, and its snapshots are kept by project and worktree, so that nothing
        needs to change; its own move within one checkout keeps file undo so (seen with V2 code). In another one an undo
        would fail, or take files of the destination for files of the turn.
        """
        at = {change.session: _top(change.after) for change in changes}
        effects = self.effects(at, at)
        return {
            id_: _decision(effects.get(id_, ()), is_undone=marker is not None)
            for id_, (_, marker) in self.store.bindings(at, self.number).items()
        }

    def earlier_places(self) -> list[Binding]:
        return places_named(self.store)


def _top(binding: Binding) -> Binding:
    """Return the top of a binding's checkout, which an undo asks for: a directory in it may move there only later."""
    top = checkout_root(binding.directory, binding.path) or binding.directory
    return binding._replace(directory=top, path="")


def _is_lost(effect: TurnEffect) -> bool:
    return bool(effect.because) or not effect.known


def _decision(effects: Sequence[TurnEffect], *, is_undone: bool) -> CarryDecision:
    """Return the decision for a session within a checkout, by what an undo of its turns would do there."""
    lost = [effect for effect in effects if _is_lost(effect)]
    turns = [effect for effect in effects if effect.turn.table != "session_v2"]  # that is what a redo would restore
    kept = tuple(effect.turn for effect in turns if not _is_lost(effect))
    loses_redo = any(effect.turn.table == "session_v2" for effect in lost)
    return CarryDecision(
        None,
        kept,
        len(turns) - len(kept),
        keeps_revert=frozenset({2} if is_undone and not loses_redo else ()),
        because="; ".join(dict.fromkeys(filter(None, (effect.because for effect in lost)))) or None,
        unknown=next((effect.because for effect in effects if not effect.looked), None),
    )
