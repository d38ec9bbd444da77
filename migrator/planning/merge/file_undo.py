"""What becomes of the file undo of sessions that come from another database.

It comes along where it was certainly made in the very folder that is here, or in one of the same repository beside it,
as with any move; its snapshots may be in another data directory. Everything else is detached, since an undo deletes
each file that it can't find in a snapshot. So is what a session goes on with that is here already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import FileUndo, UndoTurns
from migrator.planning.file_undo import FileUndoDecider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.choices import FileUndoPolicy
    from migrator.model import Change, PlanWarning
    from migrator.places import Places
    from migrator.store.reader import Store

_GOES_ON = "it is here already, and goes on with turns of another database"


def decide_file_undo(
    ours: Store, theirs: Store, places: Places, policy: FileUndoPolicy, changes: Sequence[Change]
) -> tuple[Sequence[Change], Sequence[PlanWarning]]:
    """Return the changes with what becomes of their file undo; trees with a turn that can't be read are left out."""
    decided, warnings = FileUndoDecider(theirs, places, policy, into=ours).decide(changes)
    here = ours.existing(change.session for change in decided if change.undo is FileUndo.CARRY)
    if here and policy == "carry":
        raise MigratorError(f"File undo of {min(here)} can't be carried: {_GOES_ON}. --undo-files auto detaches it.")
    detached = FileUndo.DETACH, UndoTurns(0, None, _GOES_ON)
    return [
        change._replace(undo=detached[0], turns=detached[1]) if change.session in here else change for change in decided
    ], warnings
