"""What becomes of file undo: carried where that is safe beyond doubt, else detached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Undo, UndoTurns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Change, FolderMoves
    from migrator.places import Places
    from migrator.store.reader import Store

# Its undo restores the files that a turn names, below the worktree that the session is in now, from a tree kept by
# project and worktree. Where the tree is missing it fails, and the conversation stays as it is; where git has the tree
# from elsewhere (that of a clean worktree is a commit's) it changes and deletes files in the new worktree. Without the
# names it takes back the conversation only. (Read in the source of opencode 2: session/revert.ts, snapshot.ts, git.ts.)
OF_OPENCODE_2 = "in databases of opencode 2 it isn't carried yet"


@dataclass(frozen=True, slots=True)
class FileUndoDecider:
    """What the user wants of it: `auto` carries what is safe; `carry` refuses what isn't; `detach` carries nothing.

    `relocated` are the folders that are followed, where that is why sessions move.
    """

    store: Store
    places: Places
    wanted: str = "auto"
    relocated: FolderMoves | None = None

    def decided(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Return the changes with their `undo` and `turns`; one question to the store, whatever their number.

        A session that keeps project and directory keeps its file undo as it is, unless `detach` was asked for. Raises
        MigratorError where `carry` was asked for and can't be had.
        """
        # Asked first: most sessions have none, and then nothing is to be decided.
        found = self.store.with_file_undo([change.session for change in changes]) if changes else set()
        having = [change for change in changes if change.session in found] if found else []
        if self.wanted == "detach":
            decided = [_detached(change, "--undo-files detach was given") for change in having]
        else:
            decided = self._judged([change for change in having if change.invalidates_file_undo])
        if not decided:
            return changes
        new = {change.session: change for change in decided}
        return [new.get(change.session, change) for change in changes]

    def _judged(self, leaving: Sequence[Change]) -> list[Change]:
        """Return what becomes of these, which have file undo and leave its ground."""
        if not leaving:
            return []
        if self.store.schema.has_v2:
            if self.wanted == "carry":
                raise MigratorError(f"File undo of {leaving[0].session} can't be carried: {OF_OPENCODE_2}.")
            return [_detached(change, OF_OPENCODE_2) for change in leaving]
        from migrator.snapshots.carry_check import CarryChecker

        verdicts = CarryChecker(self.store, self.places, self.relocated).verdicts(leaving)
        judged = []
        for change in leaving:
            verdict = verdicts[change.session]
            if self.wanted == "carry" and verdict.because:
                raise MigratorError(
                    f"File undo of {change.session} can't be carried whole: {verdict.because}. "
                    "--undo-files auto carries what is safe and detaches the rest, detach carries nothing.",
                )
            undo = Undo.CARRY if verdict.carried or verdict.keeps_revert else Undo.DETACH
            turns = UndoTurns(len(verdict.carried), verdict.detached, verdict.because)
            judged.append(change._replace(undo=undo, turns=turns))
        return judged


def _detached(change: Change, because: str) -> Change:
    return change._replace(undo=Undo.DETACH, turns=UndoTurns(0, None, because))
