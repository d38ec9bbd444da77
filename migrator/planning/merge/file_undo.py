"""What becomes of the file undo of sessions that come from another database.

It comes along where it was certainly made in the very folder that is here, or in one of the same repository beside it,
as with any move; its snapshots may be in another data directory. Everything else is detached, since an undo deletes
each file that it can't find in a snapshot. Turns that a merge adds to a session that is here already are detached too.
Only where the directory isn't here and the data directory is the same, as with databases of two release channels, all
stays as it is.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from migrator.disk.data_directory import data_directory_of
from migrator.disk.spelling import is_same_directory
from migrator.disk.status import is_gone
from migrator.errors import MigratorError
from migrator.model import FileUndo, UndoTurns
from migrator.planning.file_undo import FileUndoDecider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.choices import FileUndoPolicy
    from migrator.model import Change, PlanWarning
    from migrator.places import Places
    from migrator.store.reader import Store

_IMPORTED = "opencode 2 has just imported it, and looks for its snapshots elsewhere"
_ADDED = "it is here already, and turns of another database are added to it"


def decide_file_undo(
    ours: Store, theirs: Store, places: Places, policy: FileUndoPolicy, changes: Sequence[Change]
) -> tuple[Sequence[Change], Sequence[PlanWarning]]:
    """Return the changes with what becomes of their file undo; trees with a turn that can't be read are left out."""
    as_it_is = _staying_as_they_are(ours, theirs, changes) if policy != "detach" else frozenset()
    looked_at = [change for change in changes if change.session not in as_it_is]
    found, warnings = FileUndoDecider(theirs, places, policy, into=ours).decide(looked_at) if looked_at else ([], [])
    decided = [*found, *(change for change in changes if change.session in as_it_is)]
    here = ours.existing(change.session for change in decided if change.undo is FileUndo.CARRY)
    if here and policy == "carry":
        raise MigratorError(f"File undo of {min(here)} can't be carried: {_ADDED}. --undo-files auto detaches it.")
    lost = UndoTurns(0, None, _ADDED)
    new = {c.session: c._replace(undo=FileUndo.DETACH, turns=lost) if c.session in here else c for c in decided}
    return [new[change.session] for change in changes if change.session in new], warnings


def decide_file_undo_of_imported(
    ours: Store, theirs: Store, places: Places, policy: FileUndoPolicy, changes: Sequence[Change]
) -> tuple[Sequence[Change], Sequence[PlanWarning]]:
    """Do the same with what opencode 2 has just made of sessions of opencode 1.

    Its turns name their files by absolute paths, as opencode 1's do. Where a session keeps its project, directory and
    data directory, all is as opencode 2's own import leaves it: an undo restores what a turn changed, and
    removes nothing (seen with its code). Anywhere else nobody has tried what it does, so file undo is detached.
    """
    stays = is_same_directory(str(theirs.path.parent), str(data_directory_of(ours.path))) and policy != "detach"
    leaving = [change for change in changes if not stays or change.invalidates_file_undo]
    decided, warnings = FileUndoDecider(theirs, places, "detach", into=ours).decide(leaving) if leaving else ([], [])
    if policy == "carry" and (lost := [change.session for change in decided if change.undo is FileUndo.DETACH]):
        raise MigratorError(f"File undo of {lost[0]} can't be carried: {_IMPORTED}. --undo-files auto detaches it.")
    turns = UndoTurns(0, None, _IMPORTED)
    new = {c.session: c._replace(turns=turns) if c.undo is FileUndo.DETACH else c for c in decided}
    left_out = {change.session for change in leaving} - new.keys()
    return [new.get(change.session, change) for change in changes if change.session not in left_out], warnings


def _staying_as_they_are(ours: Store, theirs: Store, changes: Sequence[Change]) -> frozenset[str]:
    """Return the sessions for whose undo nothing changes, and whose files nobody can look at."""
    if not is_same_directory(str(theirs.path.parent), str(data_directory_of(ours.path))):
        return frozenset()
    gone = cache(is_gone)
    return frozenset(c.session for c in changes if not c.invalidates_file_undo and gone(c.after.directory))
