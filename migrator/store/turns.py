"""What opencode's undo would work with: the turns that changed files, the prompts before them, and the snapshots."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from migrator.store.row_json import decode, stringify
from migrator.store.sql import LIVE_PATCH, array_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.store.reader import Store

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

    `data` is the part as stored, JSON text. In opencode 2 it is an answer: `part` is then the id of a row of `table`,
    and `files` are relative to the worktree, or absolute if the answer was imported from opencode 1. Only a turn of
    opencode 2 has an `end`, the tree after it ("" if there is none), and a `worktree`, in which it was made: None
    unless messages about moves of the session tell.
    """

    part: str
    hash: str
    files: tuple[str, ...]
    data: str
    table: str = "part"
    end: str = ""
    worktree: str | None = None

    def with_files(self, files: Sequence[str]) -> str:
        """Return its data with other files: those of another worktree, or none."""
        value = json.loads(self.data)
        if self.table == "part":
            return stringify(value | {"files": files})
        return stringify(value | {"snapshot": value["snapshot"] | {"files": files}})


def why_unreadable(table: str, id_: str, session: str) -> str:
    """Return the sentence, without its full stop, that a row can't be read on which an undo may act."""
    return (
        f"the data of {id_} in table {table} can't be read, so nobody can tell what an undo in {session} would do to "
        "files; set that row right with the `sqlite3` shell"
    )


class UndoRecord(NamedTuple):
    """Of one session, oldest first: the turns that an undo would act on, and the trees that its steps name.

    `unreadable` are turns that it may act on too, without files: their data can't be read.
    """

    turns: list[Turn]
    trees: list[str]
    unreadable: list[Turn]

    @property
    def every_tree(self) -> list[str]:
        """Every snapshot that the session names."""
        return [*self.trees, *(turn.hash for turn in self.turns if turn.hash)]


def redo_snapshot(marker: str | None) -> str | None:
    """Return the tree that a redo writes over the worktree, as a session's `revert` marker names it; else None."""
    value = decode(marker)
    tree = value.get("snapshot") if isinstance(value, dict) else None
    return tree if isinstance(tree, str) else None


def records_of_1(store: Store, sessions: Iterable[str]) -> dict[str, UndoRecord]:
    """Return what an undo of opencode 1 in each of these sessions works with."""
    wanted = list(sessions)
    found = {session: UndoRecord([], [], []) for session in wanted}
    if not store.schema.has_v1:
        return found
    sql = (
        "SELECT part.id, part.session_id, part.data FROM json_each(?) wanted JOIN part "
        f"ON part.session_id = wanted.value WHERE {LIVE_PATCH} OR {_SNAPSHOT} ORDER BY part.id"
    )
    for part, session, data in store.rows(sql, [array_of(wanted)]):
        if (value := decode(data)) is None:
            found[session].unreadable.append(Turn(part, "", (), ""))
            continue
        files, tree = value.get("files"), value.get("snapshot")  # of two with one name, SQLite may take the other
        if value.get("type") == "patch" and isinstance(files, list):
            # What isn't text names no file, and isn't carried.
            found[session].turns.append(Turn(part, str(value.get("hash")), tuple(map(as_text, files)), data))
        elif isinstance(tree, str):
            found[session].trees.append(tree)
    return found


def as_text(name: object) -> str:
    """Return a name as text that can be given to a program, with what no name of a file can contain replaced."""
    return str(name).encode(errors="replace").decode().replace("\0", "?")


class Prompt(NamedTuple):
    """The user's message that a turn answers, to which one undoes: its id, and its time in milliseconds."""

    message: str
    time: int


def prompts(store: Store, parts: Iterable[str]) -> dict[str, Prompt]:
    """Map each of these parts to the prompt that its turn answers, or to the answer where the prompt is gone.

    Those of opencode 2 are the ids of answers, and of sessions that are undone now.
    """
    wanted = array_of(parts)
    return {
        part: Prompt(message, time)
        for sql in (_PROMPTS,) * store.schema.has_v1 + _PROMPTS_OF_2 * store.schema.has_v2
        for part, message, time in store.rows(sql, [wanted])
    }


_PROMPTS = (
    "SELECT part.id, coalesce(prompt.id, answer.id), coalesce(prompt.time_created, answer.time_created) "
    "FROM json_each(?) wanted JOIN part ON part.id = wanted.value "
    "JOIN message answer ON answer.id = part.message_id "
    "LEFT JOIN message prompt ON prompt.id = CASE WHEN json_valid(answer.data) "
    "THEN json_extract(answer.data, '$.parentID') END"
)
_PROMPTS_OF_2 = (
    """
    SELECT answer.id, coalesce(prompt.id, answer.id), coalesce(prompt.time_created, answer.time_created)
    FROM json_each(?) wanted JOIN main.session_message answer ON answer.id = wanted.value
    LEFT JOIN main.session_message prompt ON prompt.session_id = answer.session_id AND prompt.seq =
        (SELECT max(seq) FROM main.session_message
         WHERE session_id = answer.session_id AND seq < answer.seq AND type = 'user')
    """,
    """
    SELECT undone.id, prompt.id, prompt.time_created FROM json_each(?) wanted
    JOIN main.session_v2 undone ON undone.id = wanted.value
    JOIN main.session_message prompt
        ON prompt.id = CASE WHEN json_valid(undone.revert) THEN json_extract(undone.revert, '$.messageID') END
    """,
)
