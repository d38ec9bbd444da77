"""The pieces of which statements over opencode's tables are put together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IN = "IN (SELECT value FROM json_each(?))"
"""The condition that a column holds one of the ids of the parameter that `array_of` makes."""

WHOLE = "*"
"""The name of no column: the whole row, as a JSON object."""

DIRECTORIES = "project_directory"
"""The table of the checkouts of each project."""

# A `patch` part with files is what opencode's undo acts on: it checks each file out of the snapshot, and where that
# fails it deletes the file at its absolute path (seen with 1.3.2 to 1.18.34). opencode writes the type first, which
# tells nearly all parts apart by a few letters; only others, and patches, are searched and parsed. One that can't be
# read counts: nobody can tell what an undo would do.
LIVE_PATCH = """
    CASE WHEN substr(data, 1, 9) = '{"type":"' AND substr(data, 10, 6) <> 'patch"' THEN FALSE
    WHEN instr(data, '"patch"') > 0 THEN
        CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN
            json_extract(data, '$.type') = 'patch' AND coalesce(json_array_length(data, '$.files'), 0) > 0
        ELSE TRUE END
    END
"""

# What opencode 2 keeps of a turn that changed files is in the answer itself, a `session_message`.
LIVE_SNAPSHOT = """
    CASE WHEN type = 'assistant' AND instr(data, '"snapshot"') > 0 THEN
        CASE WHEN typeof(data) = 'text' AND json_valid(data) THEN
            coalesce(json_array_length(data, '$.snapshot.files'), 0) > 0
        ELSE TRUE END
    END
"""

UNDO_FILES = {"part": (LIVE_PATCH, "$.files"), "session_message": (LIVE_SNAPSHOT, "$.snapshot.files")}
"""By table, the condition of a row that names files which an undo would act on, and where in its `data` it does."""


def array_of(ids: Iterable[str]) -> str:
    """Return ids as the one parameter of IN."""
    return json.dumps(list(ids))


def key_of(table: str) -> str:
    """Return the name of the column that is a table's primary key."""
    return "aggregate_id" if table == "event_sequence" else "id"


def joined(conditions: Sequence[str], word: str) -> str:
    """Join conditions by AND or OR, as a tree: SQLite takes no more than 1,000 in a row; TRUE if there is none."""
    if len(conditions) < 2:  # noqa: PLR2004 - nothing to join
        return f"({conditions[0]})" if conditions else "TRUE"
    half = len(conditions) // 2
    return f"({joined(conditions[:half], word)} {word} {joined(conditions[half:], word)})"
