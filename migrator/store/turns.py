"""What opencode's undo would work with: the turns that changed files, and the snapshots of a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from migrator.store.reading import LIVE_PATCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reading import Store

# `step-start` and `step-finish` parts name the tree before and after a step; see LIVE_PATCH for the first letters.
_SNAPSHOT = """
    CASE WHEN substr(data, 1, 9) = '{"type":"' AND substr(data, 10, 5) <> 'step-' THEN FALSE
    WHEN instr(data, '"step-') > 0 AND typeof(data) = 'text' THEN
        CASE WHEN json_valid(data) THEN
            json_extract(data, '$.type') IN ('step-start', 'step-finish')
            AND json_type(data, '$.snapshot') = 'text'
        END
    END
"""


class Turn(NamedTuple):
    """A `patch` part: the files (absolute paths) that a step changed, and the tree from before it.

    `data` is the part as stored, JSON text.
    """

    part: str
    session: str
    hash: str
    files: tuple[str, ...]
    data: str


def turns(store: Store, sessions: Iterable[str]) -> dict[str, list[Turn]]:
    """Map each of these sessions to its turns that an undo would act on, oldest first."""
    found: dict[str, list[Turn]] = {}
    sql = (
        "SELECT part.id, part.session_id, part.data FROM json_each(?) wanted "
        f"JOIN part ON part.session_id = wanted.value WHERE {LIVE_PATCH} ORDER BY part.id"
    )
    for part, session, data in store.rows(sql, [json.dumps(list(sessions))]):
        value = json.loads(data)
        files = tuple(map(str, value["files"]))  # what isn't text names no file of the worktree, and isn't carried
        found.setdefault(session, []).append(Turn(part, session, str(value.get("hash")), files, data))
    return found


def snapshots(store: Store, sessions: Iterable[str]) -> dict[str, list[str]]:
    """Map each of these sessions to the trees that its steps name, oldest first."""
    found: dict[str, list[str]] = {}
    sql = (
        "SELECT part.session_id, json_extract(part.data, '$.snapshot') FROM json_each(?) wanted "
        f"JOIN part ON part.session_id = wanted.value WHERE {_SNAPSHOT} ORDER BY part.id"
    )
    for session, tree in store.rows(sql, [json.dumps(list(sessions))]):
        found.setdefault(session, []).append(tree)
    return found
