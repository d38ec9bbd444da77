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

from migrator.store.writing import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from migrator.store.reading import Store

_GONE = object()


def detachments(
    store: Store,
    leaving: Collection[str],
    reverts: Mapping[str, str | None],
    settled: Collection[tuple[str, str]] = (),
) -> list[Edit]:
    """Return the edits that detach the file undo of these sessions.

    `reverts` are their revert markers as stored; `settled` are (table, key) pairs that somebody else decides.
    """
    edits = [
        Edit("part", "data", id_, session, data, _emptied(data))
        for id_, session, data in store.live_patches(leaving)
        if ("part", id_) not in settled
    ]
    for id_ in leaving:
        marker = reverts.get(id_)
        if marker is not None and ("session", id_) not in settled and (defused := _defused(marker)) != marker:
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


def _emptied(data: str) -> str:
    return _compact({**json.loads(data), "files": []})


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
