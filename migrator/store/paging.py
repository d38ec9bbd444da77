"""Pages of a list of sessions: opencode's own list filters, so that what we print and verify is what its readers see.

Learnt from the real 1.2.1 to 1.18.34: `opencode session list` shows the roots of the current project, newest first,
at most 100, archived ones included; the web and desktop lists ask for project and exact directory; the terminal UI
asks for the project and the path, and falls back to the directory where the path is NULL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from migrator.errors import BadInput
from migrator.paths import comparable, is_windows
from migrator.store.sql import joined
from migrator.text import shell_join, shell_quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from migrator.model import Session
    from migrator.store.reader import Store
    from migrator.store.schema import Schema
    from migrator.store.session_json import SessionJson

Row = TypeVar("Row", "Session", "SessionJson")

DEFAULT_LIMIT = 100

_OF = "@"
"""What stands between a cursor and the name of the database that a page of several databases ended with."""

Condition = tuple[str, tuple[Any, ...]]
"""A condition over the columns of `session`, and a value for each `?` in it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that is ordered by (updated, id), newest first; typed as `1795364980673:ses_abc`.

    With `itself`, the session of that place comes next: a page of several databases ended with another's copy of it.
    """

    updated: int
    id: str
    itself: bool = False

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor as `str()` prints it; BadInput otherwise."""
        found = re.fullmatch(r"(-?[0-9]{1,18}):(.+)", text, re.DOTALL)
        if found is None:
            raise BadInput(
                f"The text {text!r} is no cursor; take the one that the page before printed on standard error."
            )
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.updated}:{self.id}"


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which sessions a list shows. A field that is None or False lets every session through.

    `directory` is meant in all of its spellings, `start` is the earliest update in milliseconds, `search` a part of the
    title in whatever case.
    """

    project_id: str | None = None
    directory: str | None = None
    roots: bool = False
    start: int | None = None
    search: str | None = None
    workspace: str | None = None
    hide_archived: bool = False

    def conditions(self, schema: Schema) -> list[Condition]:
        """Return this filter as SQL conditions, all of which a session must meet."""
        directory = self.directory and comparable(self.directory)
        workspace = "workspace_id = ?" if schema.has_workspace else "FALSE AND ? IS NULL"
        filters: list[tuple[str, Any]] = [
            ("project_id = ?", self.project_id),
            ("directory = ?" if _has_one_spelling(self.directory) else "comparable(directory) = ?", directory),
            ("time_updated >= ?", self.start),
            ("instr(casefold(title), ?) > 0", self.search.casefold() if self.search else None),
            (workspace, self.workspace or None),
        ]
        conditions: list[Condition] = [(sql, (value,)) for sql, value in filters if value is not None]
        conditions += [("parent_id IS NULL", ())] if self.roots else []
        return conditions + ([("time_archived IS NULL", ())] if self.hide_archived else [])


def _has_one_spelling(directory: str | None) -> bool:
    """Tell whether an index over the directories finds all sessions that are bound to it."""
    return directory is None or (directory.isascii() and not is_windows(directory))


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Part of a list; `next` is None on the last page."""

    sessions: tuple[Session, ...]
    next: Cursor | None


def history(store: Store, conditions: Iterable[Condition], cursor: Cursor | None, limit: int) -> SessionPage:
    """Return one page of the sessions that meet every condition, newest first; `limit` 0 means all."""
    sessions = tuple(store.sessions_where(*keyset(conditions, cursor, limit)))
    return SessionPage(sessions[: limit or None], next_cursor(sessions, limit))


def total(store: Store, conditions: Iterable[Condition]) -> int:
    """Return how many sessions meet every condition."""
    sql, params, _ = keyset(conditions, None, 0)
    ((number,),) = store.rows(f"SELECT count(*) FROM session WHERE {sql}", params)
    return int(number)


def topmost(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that a session is a root, or that its parent doesn't meet all of `conditions`."""
    sql, params, _ = keyset(conditions, None, 0)
    return f"parent_id IS NULL OR parent_id NOT IN (SELECT id FROM session WHERE {sql})", tuple(params)


def unarchive_command(database: Path, session: str) -> str:
    """Return the shell command that takes the archive of a session of opencode 1 back.

    opencode itself never does: over HTTP the time of an archive must be a number, and to set it to 0 still leaves the
    session out of the list of all projects (1.18.34).
    """
    update = "UPDATE session SET time_archived = NULL WHERE id ="
    if re.fullmatch(r"[\w-]+", session):
        return f"sqlite3 {shell_quote(str(database))} \"{update} '{session}'\""
    quoted = session.replace("'", "''")
    return shell_join(["sqlite3", str(database), f"{update} '{quoted}'"])


def order_of(session: Session | SessionJson) -> tuple[bool, Any, str]:
    """Return the key by which sessions are ordered, the newest having the greatest, as SQLite does it.

    To it text is more than any number: a time may be text that somebody wrote by hand.
    """
    return isinstance(session.updated, str), session.updated, session.id


def next_cursor(rows: Sequence[Session | SessionJson], limit: int) -> Cursor | None:
    """Return where the next page begins, from the rows of a `keyset` query; None if there is no next page."""
    return Cursor(rows[limit - 1].updated, rows[limit - 1].id) if 0 < limit < len(rows) else None


def together(pages: Mapping[str, Sequence[Row]], limit: int, *, more: bool) -> tuple[list[tuple[str, Row]], str | None]:
    """Join a page of each of several databases, which `pages` has by what a list calls them, to one page of all.

    Returns each row with its database, newest first, and the cursor of the next page: None if there is none. Those of
    equal times and ids are in the order of their databases. `more` says whether a database has rows after its page.
    """
    every = [(label, row) for label, rows in pages.items() for row in rows]
    every.sort(key=lambda pair: order_of(pair[1]), reverse=True)
    shown = every[: limit or None]
    if not shown or (len(shown) == len(every) and not more):
        return shown, None
    label, row = shown[-1]
    return shown, f"{Cursor(row.updated, row.id)}{_OF}{label}"


def cursors(text: str | None, labels: Iterable[str]) -> dict[str, Cursor | None]:
    """Return where each of several databases goes on after a page that `together` has joined; BadInput otherwise.

    A database that comes later in `labels` may have the session that the page ended with, at the same time.
    """
    found: dict[str, Cursor | None] = dict.fromkeys(labels)
    if text:
        place, _, last = text.rpartition(_OF)
        if last not in found:
            raise BadInput(f"The text {text!r} is no cursor of this list; take the one that the page before gave.")
        cursor, later = Cursor.parse(place), False
        for label in found:
            found[label] = replace(cursor, itself=later)
            later = later or label == last
    return found


def keyset(conditions: Iterable[Condition], cursor: Cursor | None, limit: int) -> tuple[str, list[Any], str]:
    """Return condition, parameters and tail of the query for a page.

    The query asks for one row more than the page holds, which tells whether there is a next page. The cursor is on
    (time_updated, id), so rows with equal times are neither skipped nor shown twice.
    """
    wanted = list(conditions)
    if cursor is not None:
        below = "<=" if cursor.itself else "<"
        wanted.append((f"(time_updated, id) {below} (?, ?)", (cursor.updated, cursor.id)))
    condition = joined([sql for sql, _ in wanted], "AND")
    params = [param for _, some in wanted for param in some]
    return condition, params, "ORDER BY time_updated DESC, id DESC" + (f" LIMIT {limit + 1}" if limit else "")
