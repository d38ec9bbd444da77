"""The session history, read from the database a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.store.paging import Cursor, keyset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Session
    from migrator.store.paging import Condition
    from migrator.store.reader import Store


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Part of a list; `next` is None on the last page."""

    sessions: tuple[Session, ...]
    next: Cursor | None


def history(store: Store, conditions: Iterable[Condition], cursor: Cursor | None, limit: int) -> SessionPage:
    """Return one page of the sessions that meet every condition, newest first; `limit` 0 means all."""
    sessions = tuple(store.sessions_where(*keyset(conditions, cursor, limit)))
    if not limit or len(sessions) <= limit:
        return SessionPage(sessions, None)
    last = sessions[limit - 1]
    return SessionPage(sessions[:limit], Cursor(last.updated, last.id))
