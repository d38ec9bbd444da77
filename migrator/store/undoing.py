"""What else an undo in opencode depends on: what was asked in a turn, and workspaces of opencode's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from migrator.store.json_text import array_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reader import Store


class Prompt(NamedTuple):
    """The user's message that a turn answers, to which one undoes: its id, and its time in milliseconds."""

    message: str
    time: int


def prompts(store: Store, parts: Iterable[str]) -> dict[str, Prompt]:
    """Map each of these parts to what was asked; the answer itself stands for a message that is gone."""
    sql = (
        "SELECT part.id, coalesce(said.id, answer.id), coalesce(said.time_created, answer.time_created) "
        "FROM json_each(?) wanted JOIN part ON part.id = wanted.value "
        "JOIN message answer ON answer.id = part.message_id "
        "LEFT JOIN message said ON said.id = CASE WHEN json_valid(answer.data) "
        "THEN json_extract(answer.data, '$.parentID') END"
    )
    return {part: Prompt(message, time) for part, message, time in store.rows(sql, [array_of(parts)])}


def has_table(store: Store, name: str) -> bool:
    """Tell whether the schema has a table, which tells an age."""
    return bool(store.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [name]))


def workspaces(store: Store) -> dict[str, tuple[str, str | None]]:
    """Map each workspace of opencode's own to its type and directory."""
    if "directory" not in store.columns_of("workspace"):  # those of opencode 2 have none
        return {}
    return {id_: (kind, directory) for id_, kind, directory in store.rows("SELECT id, type, directory FROM workspace")}
