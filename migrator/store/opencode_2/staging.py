"""What sessions to move have in the tables of opencode 2: what moves along, and what keeps them from moving."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from migrator.model import Binding
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.store.reader import Store
    from migrator.store.staging import Staging

_STAGED = (
    "FROM temp.rebind r JOIN temp.change c ON c.seq = r.seq JOIN temp.binding b ON b.id = r.before "
    "JOIN temp.binding a ON a.id = r.after"
)
_BEFORE = "b.project_id, b.directory, b.path, b.workspace_id"
_AFTER = "a.project_id, a.directory, a.path, a.workspace_id"


class MessageSequence(NamedTuple):
    """The numbers of the messages of a session that moves.

    `seq` is the last one by `event_sequence`, None if that has no row; `last` is the highest number in use.
    """

    session: str
    seq: int | None
    last: int
    before: Binding
    after: Binding


class RowOfOpencode1(NamedTuple):
    """The row that opencode 1 has of a session that moves in opencode 2, with its `binding` in opencode 1.

    `after` is where the session goes, `vcs` that of its project there.
    """

    session: str
    binding: Binding
    after: Binding
    vcs: str | None


def message_sequences(staging: Staging, first: int, last: int) -> list[MessageSequence]:
    """Return those of the sessions `first` to `last` that opencode 2 has and that get another directory."""
    rows = staging.store.rows(
        "SELECT c.session, e.seq, max(coalesce(e.seq, -1), "
        "coalesce((SELECT max(seq) FROM main.session_message WHERE session_id = c.session), -1), "
        "coalesce((SELECT max(enqueued_seq) FROM main.session_inbox WHERE session_id = c.session), -1)), "
        f"{_BEFORE}, {_AFTER} {_STAGED} LEFT JOIN main.event_sequence e ON e.aggregate_id = c.session "
        "WHERE r.seq BETWEEN ? AND ? AND r.table_number = 0 AND r.row IS NOT NULL AND b.directory <> a.directory "
        "ORDER BY r.seq",
        [first, last],
    )
    return [
        MessageSequence(session, seq, highest, Binding(*bound[:4]), Binding(*bound[4:]))
        for session, seq, highest, *bound in rows
    ]


def queued_moves(staging: Staging, first: int, last: int) -> list[tuple[str, str, str]]:
    """Return (row id, session, row as JSON) of every move that waits for one of these sessions, if they move."""
    wanted = staging.store.rows(
        f"SELECT i.id, i.session_id {_STAGED} JOIN main.session_inbox i ON i.session_id = c.session "
        "WHERE r.seq BETWEEN ? AND ? AND r.before <> r.after AND i.type = 'move' ORDER BY r.seq, i.enqueued_seq",
        [first, last],
    )
    if not wanted:
        return []
    whole = staging.store.whole_rows("session_inbox", f"id {IN}", [array_of(id_ for id_, _ in wanted)])
    return [(id_, session, whole[id_]) for id_, session in wanted]


def rows_of_opencode_1(staging: Staging, first: int, last: int) -> list[RowOfOpencode1]:
    """Return the rows that opencode 1 has of these sessions, if they move in opencode 2."""
    store = staging.store
    if store.schema.dialect != "v1+v2":
        return []
    columns = set(store.columns_of("session"))
    old = ", ".join(f"o.{column}" if column in columns else "NULL" for column in Binding._fields)
    rows = store.rows(
        f"SELECT c.session, p.vcs, {old}, {_AFTER} {_STAGED} JOIN main.session o ON o.id = c.session "
        "LEFT JOIN main.project p ON p.id = a.project_id WHERE r.seq BETWEEN ? AND ? "
        "AND r.table_number = 0 AND r.row IS NOT NULL AND r.before <> r.after ORDER BY r.seq",
        [first, last],
    )
    return [RowOfOpencode1(session, Binding(*rest[:4]), Binding(*rest[4:]), vcs) for session, vcs, *rest in rows]


def waiting_moves(store: Store, sessions: Iterable[str]) -> list[tuple[str, str]]:
    """Return (session, directory) of every move that waits for one of these sessions."""
    if not store.columns_of("session_inbox"):  # then nothing is written either
        return []
    to = "CASE WHEN json_valid(payload) THEN json_extract(payload, '$.location.directory') END"
    rows = store.rows(
        f"SELECT session_id, {to} FROM main.session_inbox WHERE type = 'move' AND session_id {IN} "
        "ORDER BY session_id, enqueued_seq",
        [array_of(sessions)],
    )
    return [(session, str(directory)) for session, directory in rows]


def bound_elsewhere_in_opencode_1(store: Store, sessions: Iterable[str]) -> list[tuple[str, str]]:
    """Return (session, directory) of those of these sessions that opencode 1 has in another directory than 2."""
    if store.schema.dialect != "v1+v2":
        return []
    return store.rows(
        "SELECT o.id, o.directory FROM main.session_v2 n JOIN main.session o ON o.id = n.id "
        f"WHERE o.directory <> n.directory AND n.id {IN} ORDER BY o.id",
        [array_of(sessions)],
    )


TURN_FIRST = (
    "Start opencode 2, let it finish or give up that turn, and stop it with `opencode service stop`; or say "
    "--on-conflict skip, which leaves the session and its whole tree out"
)
"""What to do about a session in the middle of a turn."""


def suspended_sessions(store: Store, sessions: Iterable[str]) -> list[str]:
    """Return those of these sessions with an unfinished turn, with which opencode 2 may go on.

    It claims a session when it begins a turn, and lets go of it at its end (issue 41800 of opencode). When it starts
    after a crash, only its background service goes on: with top-level sessions and subagents in the background, ten
    times at most. It lets go of all other children then (read in its source of October 2026).
    """
    if not store.schema.has_v2:
        return []
    rows = store.rows(
        f"SELECT id FROM main.session_v2 WHERE time_suspended IS NOT NULL AND id {IN} ORDER BY id",
        [array_of(sessions)],
    )
    return [id_ for (id_,) in rows]
