"""What a moving session needs beyond its binding: its file undo detached, value by value.

opencode's undo of an earlier turn checks out each file that a `patch` part names, by absolute path, from a snapshot
of the worktree the session was in; in another worktree that fails, and what fails is deleted. With `files` emptied
the undo takes back the conversation only. A session moved while reverted would, on unrevert, have a whole old tree
written over its new worktree; without `snapshot` and `diff` the marker keeps its messages hidden and touches no file.
(Both shown by experiment with opencode 1.18.34.)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from migrator.model import Undo
from migrator.store.staging import Staging
from migrator.store.writing import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.model import Change
    from migrator.store.reading import Store

_GONE = object()


def lay_out(store: Store, changes: Iterable[Change], first: int = 1) -> Staging:
    """Stage changes that stand in the journal from number `first` on; what was staged before is gone."""
    return Staging(store, changes, _detached, first)


def _detached(change: Change) -> bool:
    """Tell whether all file undo goes; where nothing moves, it is said value by value which of it does."""
    return change.moves and (change.undo is Undo.DETACH or change.loses_its_ground)


def detachments(
    staging: Staging,
    first: int,
    last: int,
    settled: Collection[tuple[str, str]] = (),
) -> list[Edit]:
    """Return the edits that detach the file undo of the staged sessions `first` to `last`, where it must be.

    `settled` are (table, key) pairs that somebody else decides.
    """
    edits = [
        Edit("part", "data", id_, session, data, emptied)
        for id_, session, data, emptied in staging.live_patches(first, last)
        if ("part", id_) not in settled
    ]
    for id_, marker in staging.reverts(first, last):
        if ("session", id_) not in settled and (defused := _defused(marker)) != marker:
            edits.append(Edit("session", "revert", id_, id_, marker, defused))
    return edits


def existing(store: Store, edits: Iterable[Edit]) -> list[Edit]:
    """Return those edits whose rows are there: opencode may have deleted a message since, and then nothing is owed."""
    return [edit for edit, now in _with_values(store, edits) if now is not _GONE]


def holding(store: Store, edits: Iterable[Edit]) -> list[Edit]:
    """Return those edits whose rows hold what the edit sets."""
    return [edit for edit, now in _with_values(store, edits) if now == edit.after]


def _with_values(store: Store, edits: Iterable[Edit]) -> list[tuple[Edit, Any]]:
    edits = list(edits)
    keys: dict[tuple[str, str], list[str]] = {}
    for edit in edits:
        keys.setdefault((edit.table, edit.column), []).append(edit.key)
    values = {where: store.values(*where, some) for where, some in keys.items()}
    return [(edit, values[edit.table, edit.column].get(edit.key, _GONE)) for edit in edits]


def inverted(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits that take these back."""
    return [edit._replace(before=edit.after, after=edit.before) for edit in edits]


def _defused(marker: str) -> str:
    try:
        value = json.loads(marker)
    except ValueError:
        return marker  # opencode can't read it either
    if not isinstance(value, dict) or not value.keys() & {"snapshot", "diff"}:
        return marker
    return _compact({key: item for key, item in value.items() if key not in {"snapshot", "diff"}})


def _compact(value: object) -> str:
    """Write JSON as JSON.stringify does, which is what opencode stores."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
