"""Decide what happens to file undo: it is carried where that is certainly safe, else detached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import FileUndo, PlanWarning, UndoTurns
from migrator.store.turns import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.choices import FileUndoPolicy
    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class FileUndoDecider:
    """Decides for each change by the user's policy; `relocated` are the folders that a relocation follows.

    `unproven` maps a session's id to why it may not be going back to its own working copy: a clone may have the same
    files today, and an undo there would take back what was done elsewhere. `into` is another database, if the sessions
    come into that.
    """

    store: Store
    places: Places
    policy: FileUndoPolicy = "auto"
    relocated: FolderMoves | None = None
    unproven: Mapping[str, str] = field(default_factory=dict)
    into: Store | None = None

    def decide(self, changes: Sequence[Change]) -> tuple[Sequence[Change], Sequence[PlanWarning]]:
        """Return the changes with their `undo` and `turns`; a few queries, whatever their number.

        A session that keeps project and directory keeps its file undo, unless the policy is `detach`. Where an undo may
        act on a turn that can't be read, the whole tree is left out, with a warning. Raises MigratorError if nothing is
        left then, if the policy is `carry` and something can't be carried, and if it isn't `detach` and nobody can tell
        what can be.
        """
        found = self.store.with_file_undo([change.session for change in changes])
        with_undo = [change for change in changes if change.session in found]
        losing = [change for change in with_undo if self.into is not None or change.invalidates_file_undo]
        acting = with_undo if self.policy == "detach" else losing
        unreadable = self.store.unreadable_turns(change.session for change in acting) if acting else {}
        warnings = [
            PlanWarning(
                "odd-turn",
                f"{change.root} stays, with all of its subagents: {why_unreadable(*turn, change.session)}.",
                change.root,
            )
            for change in acting
            if (turn := unreadable.get(change.session))
        ]
        if warnings:
            staying = {warning.session for warning in warnings}
            changes = [change for change in changes if change.root not in staying]
            with_undo = [change for change in with_undo if change.root not in staying]
            losing = [change for change in losing if change.root not in staying]
            if not changes:
                raise MigratorError(f"Nothing can be moved. {warnings[0].message}")
        if self.policy == "detach":
            decided = [_detached(change, "--undo-files detach was given") for change in with_undo]
        else:
            decided = self._carried_or_detached(losing)
        new = {change.session: change for change in decided}
        return [new.get(change.session, change) for change in changes], warnings

    def _carried_or_detached(self, changes: Sequence[Change]) -> list[Change]:
        if not changes:
            return []
        from migrator.snapshots.carry_decision import CarryDecision, refuse_unknown
        from migrator.snapshots.opencodes import carry_decisions

        proven = [change for change in changes if change.session not in self.unproven]
        decisions = carry_decisions(self.store, self.places, proven, self.relocated, self.into)
        refuse_unknown(decisions)
        decided = []
        for change in changes:
            decision = decisions.get(change.session) or CarryDecision(None, because=self.unproven[change.session])
            if self.policy == "carry" and decision.because:
                raise MigratorError(
                    f"File undo of {change.session} can't be carried whole: {decision.because}. "
                    "--undo-files auto carries what is safe and detaches the rest, detach carries nothing.",
                )
            undo = FileUndo.CARRY if decision.keeps_any else FileUndo.DETACH
            turns = UndoTurns(len(decision.carried), decision.detached, decision.because)
            decided.append(change._replace(undo=undo, turns=turns))
        return decided


def _detached(change: Change, because: str) -> Change:
    return change._replace(undo=FileUndo.DETACH, turns=UndoTurns(0, None, because))
