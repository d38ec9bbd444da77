"""For a session that both databases have: the edits that bring what was added to it in the other one.

Messages and parts that weren't finished here get the later state that they have there: see store/unfinished.py.

Its messages and parts, its to-do list and what else hangs on it come row by row. Its own row takes the values that it
has there, except those of `_STAYS`: above all project, directory, path and workspace. Both opencodes number what
happens in a session: only events with a number above our last one are copied, and the last number there becomes ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.errors import StalePlan
from migrator.execution.value_edits import without_files
from migrator.model import FileUndo
from migrator.store.companion_files import with_outputs_at
from migrator.store.contents import digested
from migrator.store.row_json import decode, stringify
from migrator.store.session_tables import BOUND, CLEARED, NOT_MERGED, SESSIONS, session_rows, session_tables
from migrator.store.sql import WHOLE
from migrator.store.unfinished import RowChange, row_change
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from migrator.model import Change
    from migrator.store.reader import Store

    Row = dict[str, Any]

_STAYS = {*BOUND, "id", "parent_id", "slug", "time_archived", *(column for _, column in CLEARED)}
_SAID = {"message", "part", "session_message"}
"""Tables whose rows may not have been finished when they were copied."""
_REPLACED = {"todo"}
"""Tables whose rows of a session are a whole: those of the longer one replace the others."""


def continuation_edits(ours: Store, theirs: Store, changes: Sequence[Change], outputs: Mapping[str, str]) -> list[Edit]:
    """Return the edits for these sessions, which both databases have; foreign keys must be off for them.

    `outputs` are the long outputs that are here, by name.
    """
    there = {table.name: table for table in session_tables(theirs.connection)}
    edits: list[Edit] = []
    for change in changes:
        for table in session_tables(ours.connection):
            if table.name in there and table.name not in NOT_MERGED:
                columns = [column for column in table.columns if column in there[table.name].columns]
                here = session_rows(ours, table, table.columns, change.session)
                added = session_rows(theirs, table, columns, change.session)
                cleared = {column: value for (name, column), value in CLEARED.items() if name == table.name}
                for row in added:
                    row |= {column: value for column, value in cleared.items() if column in row}
                    if outputs and isinstance(data := row.get("data"), str):
                        row["data"] = with_outputs_at(data, outputs)
                edits += _edits(table.name, change, here, added)
    return edits


def _edits(table: str, change: Change, here: list[Row], there: list[Row]) -> Iterable[Edit]:
    """Return the edits of one table for a session, of which these rows are here and those are there."""
    if table in SESSIONS:
        return _edits_of_session(table, change, here, there)
    if table == "event_sequence" and here and there:
        (old,), (new,) = ([row["seq"] for row in rows] for rows in (here, there))
        is_later = isinstance(old, int) and isinstance(new, int) and new > old
        return [Edit(table, "seq", change.session, change.session, old, new)] if is_later else []
    if table in _REPLACED:
        if [*map(stringify, here)] == [*map(stringify, there)]:
            return []
        gone = [Edit(table, WHOLE, change.session, change.session, stringify(row), None) for row in here]
        return [*gone, *(_inserted(table, change, row) for row in there)]
    added = [_inserted(table, change, row) for row in there if _is_added(table, row, here)]
    return [*_edits_of_unfinished(table, change, here, there), *added] if table in _SAID else added


def _edits_of_unfinished(table: str, change: Change, here: list[Row], there: list[Row]) -> Iterator[Edit]:
    """Yield the edits of rows that weren't finished here and have a later state there. Raises StalePlan if one differs.

    Where a row says the same it stays as it is, as the files that an undo would act on are others here; unless it says
    that in other bytes, since then the session would never have the digest that it has there.
    """
    known = {row["id"]: row for row in here}
    for new in there:
        if (old := known.get(new["id"])) is None or old["data"] == new["data"]:
            continue
        kind = old["type"] if table == "session_message" else table
        match row_change(kind, old["data"], new["data"]):
            case RowChange.SAME if digested(old["data"].encode(), kind) == digested(new["data"].encode(), kind):
                continue
            case RowChange.DIFFERENT:
                raise StalePlan.since(
                    f"{table} {new['id']} of {change.session} says something else in the other database",
                    (change.session,),
                )
        row = _detached(table, new) if change.undo is FileUndo.DETACH else new
        for column in ("data", "time_updated"):
            if old[column] != row[column]:
                yield Edit(table, column, new["id"], change.session, old[column], row[column])


def _edits_of_session(table: str, change: Change, here: list[Row], there: list[Row]) -> Iterator[Edit]:
    if table == "session_v2" and not here:  # opencode 2 has just imported what only opencode 1 had
        bound = change.after._asdict()
        yield from (
            _inserted(table, change, row | {name: bound[name] for name in bound if name in row}) for row in there
        )
    for old, new in zip(here, there, strict=False):
        for column, value in new.items():
            if column == "revert" and value is not None and change.undo is FileUndo.DETACH:
                value = without_files(value)  # noqa: PLW2901
            if column not in _STAYS and old[column] != value:
                yield Edit(table, column, change.session, change.session, old[column], value)


def _is_added(table: str, row: Row, here: list[Row]) -> bool:
    """Tell whether a row is one that this database hasn't. Of tables without `id`, a session has one row."""
    if "id" not in row:
        return not here
    if table == "event":
        return bool(row["seq"] > max((known["seq"] for known in here), default=-1))
    return row["id"] not in {known["id"] for known in here}


def _inserted(table: str, change: Change, row: Row) -> Edit:
    if change.undo is FileUndo.DETACH:
        row = _detached(table, row)
    key = str(row.get("id", change.session))
    return Edit(table, WHOLE, key, change.session, None, stringify(row))


def _detached(table: str, row: Row) -> Row:
    """Return a row without the files that an undo would act on."""
    value = decode(row.get("data"))
    if not isinstance(value, dict):
        return row
    holder = {"part": value, "session_message": value.get("snapshot")}.get(table)
    if not isinstance(holder, dict) or not holder.get("files") or (table == "part" and value.get("type") != "patch"):
        return row
    holder["files"] = []
    return row | {"data": stringify(value)}
