"""What becomes of the file undo of sessions that come from another database.

Two databases in one directory, as those of release channels are, share the snapshots there: a session that keeps its
project and directory keeps its file undo. Everything else is detached, since an undo deletes each file that it can't
find in a snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import FileUndo
from migrator.planning.file_undo import FileUndoDecider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.choices import FileUndoPolicy
    from migrator.model import Change, PlanWarning
    from migrator.places import Places
    from migrator.store.reader import Store


def decide_file_undo(
    ours: Store, theirs: Store, places: Places, policy: FileUndoPolicy, changes: Sequence[Change]
) -> tuple[Sequence[Change], Sequence[PlanWarning]]:
    """Return the changes with what becomes of their file undo; trees with a turn that can't be read are left out."""
    shared = ours.path.parent == theirs.path.parent
    losing = [change for change in changes if policy == "detach" or not shared or change.invalidates_file_undo]
    if not losing:
        return changes, ()
    decided, warnings = FileUndoDecider(theirs, places, "detach").decide(losing)
    because = "its snapshots are in another data directory" if not shared else "its turns were made in another place"
    new = {}
    for change in decided:
        if change.undo is FileUndo.DETACH and policy != "detach":
            if policy == "carry":
                raise MigratorError(
                    f"File undo of {change.session} can't be carried: {because}. --undo-files auto detaches it."
                )
            change = change._replace(turns=change.turns._replace(because=because))  # noqa: PLW2901
        new[change.session] = change
    left_out = {warning.session for warning in warnings}
    return [new.get(change.session, change) for change in changes if change.root not in left_out], warnings
