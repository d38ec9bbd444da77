"""What opencode 2's undo would work with: the answers that changed files, the trees around them, and where they were.

An answer is one row of `session_message`, with `snapshot` {start, end, files}: the trees before and after it, and the
files that differ, relative to the worktree; absolute if it was imported from opencode 1. (Seen in databases that V2
code wrote; read in its source: session/revert.ts, snapshot.ts.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.model import Binding
from migrator.paths import checkout_root
from migrator.store.row_json import decode
from migrator.store.sql import array_of
from migrator.store.turns import Turn, UndoRecord, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reader import Store


def records_of_2(store: Store, sessions: Iterable[str]) -> dict[str, UndoRecord]:
    """Return what an undo of opencode 2 in each of these sessions works with; none where only opencode 1 has it."""
    if not store.schema.has_v2:
        return {}
    rows = store.bindings(sessions, 2)
    found = {session: UndoRecord([], [], []) for session in rows}
    here: dict[str, str | None] = {}
    sql = (
        "SELECT m.id, m.session_id, m.type, m.data FROM json_each(?) wanted "
        "JOIN main.session_message m ON m.session_id = wanted.value "
        "WHERE m.type = 'location-switched' OR (m.type = 'assistant' AND instr(m.data, '\"snapshot\"') > 0) "
        "ORDER BY m.session_id, m.seq"
    )
    for id_, session, kind, data in store.rows(sql, [array_of(rows)]):
        record, value = found[session], decode(data)
        if kind == "location-switched":
            here[session] = _note_move(record, value, here.get(session), is_first=session not in here)
        elif value is None:
            record.unreadable.append(Turn(id_, "", (), "", "session_message"))
        elif isinstance(value, dict) and isinstance(snapshot := value.get("snapshot"), dict):
            start, end = (tree if isinstance(tree := snapshot.get(key), str) else "" for key in ("start", "end"))
            record.trees.extend(filter(None, (start, end)))
            files = snapshot.get("files")
            if isinstance(files, list) and files:
                names = tuple(map(as_text, files))
                record.turns.append(Turn(id_, start, names, data, "session_message", end, here.get(session)))
    for session, (binding, marker) in rows.items():
        if session in here and here[session] != checkout_root(binding.directory, binding.path):
            _doubt(found[session], here[session])
        _note_undone(found[session], session, marker)
    return found


def _note_move(record: UndoRecord, value: Any, known: str | None, *, is_first: bool) -> str | None:
    """Note a message about a move; return the worktree that the session is in from there on.

    What came before the first such message was where that one says that the session had been. If a later one names
    another place than the session was in, it had been moved without a message: nobody knows when.
    """
    before, after = (
        (_place(side) for side in (value.get("previous"), value)) if isinstance(value, dict) else (None,) * 2
    )
    left = before and checkout_root(before.directory, before.path)
    if is_first:
        record.turns[:] = [turn._replace(worktree=left) for turn in record.turns]
    elif left != known:
        _doubt(record, known)
    return after and checkout_root(after.directory, after.path)


def _doubt(record: UndoRecord, worktree: str | None) -> None:
    """Note that the session has left a worktree without a message, so that nobody knows which turns were made in it."""
    record.turns[:] = [turn._replace(worktree=None) if turn.worktree == worktree else turn for turn in record.turns]


def _place(value: Any) -> Binding | None:
    location = value.get("location") if isinstance(value, dict) else None
    directory = location.get("directory") if isinstance(location, dict) else None
    project, path = (value.get(key) for key in ("projectID", "subpath")) if isinstance(directory, str) else (None, None)
    if not isinstance(directory, str) or not isinstance(project, str):
        return None
    return Binding(project, directory, path if isinstance(path, str) else None, None)


def _note_undone(record: UndoRecord, session: str, marker: str | None) -> None:
    """Count what a redo would restore in a session that is undone now, as if it were a turn made nobody knows where."""
    value = decode(marker)
    tree, files = (value.get("snapshot"), value.get("files")) if isinstance(value, dict) else (None, None)
    if not isinstance(tree, str) or marker is None:
        return
    record.trees.append(tree)
    listed = files if isinstance(files, list) else []
    # The key was `path` in the preview.
    names = [file.get("file", file.get("path")) for file in listed if isinstance(file, dict)]
    if names:
        record.turns.append(Turn(session, tree, tuple(map(as_text, names)), marker, "session_v2"))


def places_named(store: Store) -> list[Binding]:
    """Return every place, once, that a message about a move names: opencode 2 looks there for earlier turns' trees."""
    if not store.schema.has_v2:
        return []
    found: dict[Binding, None] = {}
    for (data,) in store.rows("SELECT data FROM main.session_message WHERE type = 'location-switched'"):
        if isinstance(value := decode(data), dict):
            found.update(dict.fromkeys(filter(None, map(_place, (value.get("previous"), value)))))
    return [*found]
