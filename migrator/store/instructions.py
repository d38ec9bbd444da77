"""The instructions of sessions of opencode 2, each kept once, by its hash: they come with a session that names them.

Many sessions have the same ones. So only those that aren't here come, and one goes when no session names it any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.store.row_json import stringify
from migrator.store.sql import IN, WHOLE, array_of
from migrator.store.writer import Edit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from migrator.store.reader import Store
    from migrator.store.writer import Writer

INSTRUCTIONS = "instruction_blob"
"""The table of instructions, by their hashes."""


def missing_instructions(store: Store, source: str, sessions: Collection[str]) -> list[Edit]:
    """Return the edits that bring what these sessions of the attached database `source` name and isn't here.

    Each edit belongs to one of the sessions that name it.
    """
    if not all(_has_instructions(store, schema) for schema in ("main", source)):
        return []
    named = " UNION ".join(
        f"SELECT told.value AS hash, state.session_id AS session "
        f"FROM {source}.instruction_state AS state, json_each(state.{values}) AS told "
        f"WHERE state.session_id {IN} AND json_valid(state.{values})"
        for values in ("initial_values", "current_values")
    )
    rows = store.rows(
        f"SELECT blob.hash, min(named.session), blob.value FROM ({named}) AS named "
        f"JOIN {source}.{INSTRUCTIONS} AS blob ON blob.hash = named.hash "
        f"WHERE blob.hash NOT IN (SELECT hash FROM main.{INSTRUCTIONS}) GROUP BY blob.hash",
        [array_of(sessions)] * 2,
    )
    return [
        Edit(INSTRUCTIONS, WHOLE, hash_, session, None, stringify({"hash": hash_, "value": value}))
        for hash_, session, value in rows
    ]


def edit_instructions(writer: Writer, edits: Iterable[Edit]) -> None:
    """Insert or delete instructions; those that are there already stay, and so do those that a session still names."""
    is_named = "SELECT EXISTS (SELECT 1 FROM main.instruction_state WHERE instr(initial_values || current_values, ?))"
    writer.edit(
        [
            edit
            for edit in edits
            if edit.table == INSTRUCTIONS and (edit.before is None or writer.rows(is_named, [edit.key]) == [(0,)])
        ]
    )


def _has_instructions(store: Store, schema: str) -> bool:
    return bool(store.rows(f"SELECT 1 FROM {schema}.sqlite_master WHERE name = ?", [INSTRUCTIONS]))
