"""Edits of single values besides the binding: those that detach file undo, and those that an undone run sets back.

opencode's undo of an earlier turn checks out each file that a `patch` part names, by absolute path, from a snapshot
of the worktree the session was in; in another worktree that fails, and what fails is deleted. With `files` emptied
the undo takes back the conversation only. A session moved while reverted would, on unrevert, have a whole old tree
written over its new worktree; without `snapshot` and `diff` the marker keeps its messages hidden and touches no file.
(Both shown by experiment with opencode 1.18.34.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.model import Binding, FileUndo
from migrator.store.row_json import decode, stringify
from migrator.store.sql import WHOLE
from migrator.store.staging import Staging
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Change
    from migrator.store.reader import Store

_GONE = object()

# `files` is opencode 2's: what its unrevert restores, one by one, from `snapshot`. (Its source: session/revert.ts. The
# names in it are relative to the worktree that the session is in by then.)
_FILES = frozenset({"snapshot", "diff", "files"})


def stage(store: Store, changes: Iterable[Change], first: int = 1) -> Staging:
    """Stage changes, numbered from `first` on as in the journal; what was staged before is gone."""
    return Staging(store, changes, _detaches_all, first)


def _detaches_all(change: Change) -> bool:
    """Tell whether a session loses all its file undo; if it doesn't move, single edits detach some of it."""
    return change.moves and (change.undo is FileUndo.DETACH or change.invalidates_file_undo)


def detachments(staging: Staging, first: int, last: int, others: Iterable[Edit] = ()) -> list[Edit]:
    """Return the edits that detach the file undo of those of the staged sessions `first` to `last` that lose it.

    Values that `others` set are left to them.
    """
    settled = {(edit.table, edit.column, edit.key) for edit in others}
    edits = [
        Edit(table, "data", id_, session, data, without)
        for table, id_, session, data, without in staging.undoable_rows(first, last)
        if (table, "data", id_) not in settled
    ]
    for table, id_, marker in staging.reverts(first, last):
        if (table, "revert", id_) not in settled and (without := without_files(marker)) != marker:
            edits.append(Edit(table, "revert", id_, id_, marker, without))
    return edits


def still_applicable(store: Store, edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits of an undone run that still apply.

    If opencode has deleted the row since, there is nothing to set back. Edits that number a session's messages apply
    only as long as no message has come after them: see location_messages.py.
    """
    found = _with_values(store, edits)
    continued = {edit.session for edit, now in found if edit.table == "event_sequence" and now != edit.before}
    return [
        edit
        for edit, now in found
        if now is not _GONE
        and (edit.column != WHOLE or now == edit.before)
        and not (edit.session in continued and _numbers_messages(edit))
    ]


def _numbers_messages(edit: Edit) -> bool:
    return edit.table == "event_sequence" or (edit.table == "session_message" and edit.column == WHOLE)


def deleted_in_opencode_2(store: Store, edits: Iterable[Edit]) -> set[str]:
    """Return the sessions of these edits that both opencodes had, and that opencode 2 has deleted since.

    Opencode 1's row is left. A binding edit proves that both had the session; we write one only then.
    """
    both = {edit.session for edit in edits if edit.table == "session" and edit.column in Binding._fields}
    return both.intersection(store.never_imported()) if both else both


def applied(store: Store, edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits whose rows hold what the edit sets."""
    return [edit for edit, now in _with_values(store, edits) if now == edit.after]


def changed_since(store: Store, edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits whose rows exist, but no longer hold the value from before.

    Whole rows and the numbers of messages don't count: opencode 2 has gone on, and nothing is lost.
    """
    edits = [edit for edit in edits if edit.column != WHOLE and edit.table != "event_sequence"]
    return [edit for edit, now in _with_values(store, edits) if now is not _GONE and now != edit.before]


def _with_values(store: Store, edits: Iterable[Edit]) -> list[tuple[Edit, Any]]:
    edits = list(edits)
    keys: dict[tuple[str, str], list[str]] = {}
    for edit in edits:
        keys.setdefault((edit.table, edit.column), []).append(edit.key)
    values = {where: store.values(*where, some) for where, some in keys.items()}
    return [(edit, _read(edit, values[edit.table, edit.column].get(edit.key, _GONE))) for edit in edits]


def _read(edit: Edit, now: Any) -> Any:
    """Return what a row holds, spelt as in the edit if it is before or after; a later opencode may add columns."""
    if edit.column != WHOLE:
        return now
    if now is _GONE:
        return None
    row = json.loads(now)
    sides = (side for side in (edit.after, edit.before) if side is not None)
    return next((side for side in sides if json.loads(side).items() <= row.items()), now)


def inverted_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that undo these."""
    return [edit._replace(before=edit.after, after=edit.before) for edit in edits]


def without_files(marker: str) -> str:
    """Return a revert marker that hides the same messages and touches no file."""
    value = decode(marker)
    if not isinstance(value, dict) or not value.keys() & _FILES:
        return marker
    return stringify({key: item for key, item in value.items() if key not in _FILES})
