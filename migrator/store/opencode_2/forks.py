"""Forks: opencode 2 keeps of which session one is; opencode 1 keeps no such thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.store.json_text import array_of
from migrator.store.reader import IN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reader import Store


def forks(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """Map each fork of these sessions to the one it is of; not forks of forks."""
    if not store.schema.has_v2:
        return {}
    sql = f"SELECT id, fork_session_id FROM main.session_v2 WHERE fork_session_id {IN} ORDER BY id"
    return dict(store.rows(sql, [array_of(ids)]))
