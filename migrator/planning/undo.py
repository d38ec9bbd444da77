"""What becomes of file undo: carried where that is safe beyond doubt, else detached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Undo, UndoTurns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import Change
    from migrator.places import Places
    from migrator.store.reading import Store


@dataclass(frozen=True, slots=True)
class FileUndo:
    """What the user wants of it: `auto` carries what is safe; `carry` refuses what isn't; `detach` carries nothing."""

    store: Store
    places: Places
    wanted: str = "auto"

    def decided(self, changes: Sequence[Change]) -> Iterator[Change]:
        """Yield the changes with their `undo` and `turns`; one question to the store, whatever their number.

        A session that keeps project and directory keeps its file undo as it is, unless `detach` was asked for. Raises
        MigratorError where `carry` was asked for and can't be had.
        """
        with_undo = self.store.with_file_undo([change.session for change in changes])
        every = self.wanted == "detach"
        concerned = {c.session for c in changes if c.session in with_undo and (every or c.loses_its_ground)}
        if every or not concerned:
            for change in changes:
                yield _detached(change) if change.session in concerned else change
            return
        from migrator.snapshots.judging import Judge

        verdicts = Judge(self.store, self.places).verdicts(c for c in changes if c.session in concerned)
        for change in changes:
            verdict = verdicts.get(change.session)
            if verdict is None:
                yield change
                continue
            if self.wanted == "carry" and verdict.because:
                raise MigratorError(
                    f"File undo of {change.session} can't be carried whole: {verdict.because}. "
                    "--undo-files auto carries what is safe and detaches the rest, detach carries nothing.",
                )
            undo = Undo.CARRY if verdict.carried or verdict.keeps_revert else Undo.DETACH
            yield change._replace(undo=undo, turns=UndoTurns(len(verdict.carried), verdict.detached, verdict.because))


def _detached(change: Change) -> Change:
    return change._replace(undo=Undo.DETACH, turns=UndoTurns(0, None, "--undo-files detach was given"))
