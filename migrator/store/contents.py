"""Digests of what was said in sessions, by which two databases are compared.

A session says the same if it has the same messages with the same parts. Which files an undo would act on doesn't count,
nor does a message that tells the model of a new directory: a move changes both and nobody has said anything. The order
of rows doesn't count either: digests of rows are added up, so that a table is read as it lies on the disk.

To hash every message of 10,000 sessions takes as long as to copy them. Whether a session is still as it was a moment or
a week ago is told by its fingerprint: how many messages and parts it has, from which to which, how long they are, and
when they were written. SQLite adds that up in a tenth of the time.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.store.companion_files import without_directory_of_outputs
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from migrator.store.reader import Store

_SIZE = 16
_MODULUS = 1 << (8 * _SIZE)

TODO = "todo"
"""The table of to-do lists."""

_KINDS = {"message": "'message'", "part": "'part'", "session_message": "type"}
"""What a row of a conversation is, as SQL: its table, or in opencode 2 the type of the message."""

_LENGTH = {
    "message": "length(CAST(data AS BLOB))",
    "part": """CASE WHEN substr(data, 1, 9) = '{"type":"' AND substr(data, 10, 6) <> 'patch"'
        THEN length(CAST(data AS BLOB)) WHEN instr(data, '"patch"') THEN 0 ELSE length(CAST(data AS BLOB)) END""",
    "session_message": """CASE WHEN type = 'assistant' AND instr(data, '"snapshot"') THEN 0
        ELSE length(CAST(data AS BLOB)) END""",
}
"""How long a row is; one that may name files that an undo would act on counts for nothing."""


def fingerprints(store: Store, sessions: Collection[str]) -> dict[str, str]:
    """Map each of these sessions that exists to its fingerprint."""
    found: dict[str, list[str]] = {session: [] for session in store.existing(sessions)}
    for table in _tables(store):
        only = "type <> 'location-switched'" if table == "session_message" else "TRUE"
        numbers = f"count(*), min(id), max(id), sum({_LENGTH[table]}), sum(time_updated)"
        for session, text in _numbers(store, table, numbers, found, only).items():
            found[session].append(text)
    return with_todo(store, {session: "; ".join(parts) for session, parts in found.items()})


def with_todo(store: Store, contents: Mapping[str, str]) -> dict[str, str]:
    """Return these digests or fingerprints of sessions, each with the fingerprint of its to-do list."""
    length = "length(content) + length(status) + length(priority)"
    numbers = f"count(*), min(position), max(position), sum({length}), sum(time_updated)"
    lists = _numbers(store, TODO, numbers, contents) if store.columns_of(TODO) else {}
    return {session: "; ".join(filter(None, [text, lists.get(session, TODO)])) for session, text in contents.items()}


def _numbers(store: Store, table: str, numbers: str, sessions: Collection[str], only: str = "TRUE") -> dict[str, str]:
    """Map those of these sessions that have rows in a table to its name and these aggregates of them."""
    where, params = ("", []) if store.is_most(sessions) else (f"AND session_id {IN}", [array_of(sessions)])
    sql = f"SELECT session_id, {numbers} FROM main.{table} WHERE {only} {where} GROUP BY session_id"
    rows = store.each_row(sql, params)
    return {session: f"{table} {' '.join(map(str, values))}" for session, *values in rows if session in sessions}


def contents_as(store: Store, recorded: Mapping[str, str]) -> dict[str, str]:
    """Map each of these sessions that exists to what its content is now, written as it was `recorded`.

    That is a digest or a fingerprint; the first journals of merges say nothing of to-do lists.
    """
    digested = [id_ for id_, content in recorded.items() if len(said_in(content)) == 2 * _SIZE]
    found = with_todo(store, content_digests(store, digested)) if digested else {}
    found |= fingerprints(store, recorded.keys() - digested)
    return {id_: text if said_in(recorded[id_]) != recorded[id_] else said_in(text) for id_, text in found.items()}


def said_in(content: str) -> str:
    """Return a digest or fingerprint without what it has of a to-do list."""
    return "" if content.startswith(TODO) else content.rpartition(f"; {TODO}")[0] or content


def content_digests(store: Store, sessions: Collection[str]) -> dict[str, str]:
    """Map each of these sessions that exists to the digest of what was said in it; a table is read once."""
    totals = dict.fromkeys(store.existing(sessions), 0)
    for session, _, number in _rows(store, totals):
        totals[session] += number
    return {session: _text(total) for session, total in totals.items()}


def with_what_is_replaced(store: Store, digests: Mapping[str, str]) -> dict[str, str]:
    """Return these digests of sessions, each with a digest of what else a merge replaces in a session that is here.

    That is its title, a revert, and its to-do list.
    """
    table = store.schema.tables[0]
    names = [name for name in ("title", "revert") if name in store.columns_of(table)]
    rows = store.rows(f"SELECT id, {', '.join(names)} FROM main.{table} WHERE id {IN}", [array_of(digests)])
    own = {id_: blake2b(repr(values).encode(errors="surrogatepass")).hexdigest()[: 2 * _SIZE] for id_, *values in rows}
    return with_todo(store, {id_: f"{digest}; {own.get(id_, '')}" for id_, digest in digests.items()})


def message_digests(store: Store, sessions: Collection[str]) -> dict[str, dict[str, str]]:
    """Map each of these sessions to its messages in their order, each with the digest of what was said in it."""
    totals: dict[str, dict[str, int]] = {session: {} for session in sessions}
    for table in _tables(store)[:1]:
        order = "seq" if table == "session_message" else "time_created, id"
        sql = f"SELECT session_id, id FROM main.{table} WHERE session_id {IN} ORDER BY session_id, {order}"
        for session, message in store.rows(sql, [array_of(sessions)]):
            totals[session][message] = 0
    for session, message, number in _rows(store, totals):
        totals[session][message] = totals[session].get(message, 0) + number
    return {
        session: {message: _text(total) for message, total in messages.items() if total}
        for session, messages in totals.items()
    }


class SaidRow(NamedTuple):
    """A row of a conversation: the message that it is or belongs to, its kind, and its JSON as the database has it.

    The kind is the table, or in opencode 2 the type of the message.
    """

    message: str
    kind: str
    data: Any


def rows_of_messages(store: Store, session: str, messages: Collection[str]) -> dict[tuple[str, str], SaidRow]:
    """Map the rows of these messages of a session, by (table, id), to what they say."""
    found: dict[tuple[str, str], SaidRow] = {}
    for table in _tables(store):
        message = "message_id" if table == "part" else "id"
        sql = f"SELECT id, {message}, {_KINDS[table]}, data FROM main.{table} WHERE session_id = ? AND {message} {IN}"
        found |= {(table, id_): SaidRow(*row) for id_, *row in store.each_row(sql, [session, array_of(messages)])}
    return found


def last_turn(store: Store, session: str) -> frozenset[str]:
    """Return the messages of a session from the last one on that the user said; all of them where nobody said any."""
    table = _tables(store)[0]
    is_user, order = "type = 'user'", "seq"
    if table == "message":
        # CASE: what AND has on its right may be computed although its left is false.
        readable = "CASE WHEN typeof(data) = 'text' AND json_valid(data)"
        is_user, order = f"{readable} THEN json_extract(data, '$.role') = 'user' END", "time_created, id"
    sql = f"SELECT id, {is_user} FROM main.{table} WHERE session_id = ? ORDER BY {order}"
    found: list[str] = []
    for id_, begins in store.rows(sql, [session]):
        found = [id_] if begins else [*found, id_]
    return frozenset(found)


def _text(total: int) -> str:
    return f"{total % _MODULUS:0{2 * _SIZE}x}"


def _tables(store: Store) -> tuple[str, ...]:
    """Return the tables of conversations; opencode 2 never reads those of opencode 1 again once it has read them."""
    return ("session_message",) if store.schema.has_v2 else ("message", "part")


def _rows(store: Store, sessions: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """Yield (session, message, digest as a number) of each row of these sessions' conversations."""
    where, params = ("", []) if store.is_most(sessions) else (f"WHERE session_id {IN}", [array_of(sessions)])
    wanted = sessions if isinstance(sessions, dict) else set(sessions)
    for table in _tables(store):
        message = "message_id" if table == "part" else "id"
        sql = f"SELECT session_id, {message}, id, {_KINDS[table]}, CAST(data AS BLOB) FROM main.{table} {where}"
        for session, message, id_, kind, data in store.each_row(sql, params):
            if session in wanted and kind != "location-switched":
                content = digested(data or b"", kind)
                hashed = blake2b(f"{kind}\0{message}\0{id_}\0".encode() + content, digest_size=_SIZE).digest()
                yield session, message, int.from_bytes(hashed)


def digested(data: bytes, kind: str) -> bytes:
    """Return what of a row's JSON goes into the digest of its session."""
    return without_directory_of_outputs(_said(data, kind))


def _said(data: bytes, kind: str) -> bytes:
    """Return a row's JSON without the files that an undo would act on; a few bytes tell that most rows have none.

    See LIVE_PATCH and LIVE_SNAPSHOT in sql.py.
    """
    if kind == "part":
        if (data.startswith(b'{"type":"') and data[9:15] != b'patch"') or b'"patch"' not in data:
            return data
    elif kind != "assistant" or b'"snapshot"' not in data:
        return data
    try:
        value = json.loads(data)
        plain = without_undo_files(value, kind) if isinstance(value, dict) else value
        return data if plain is value else _canonical(plain)
    except (ValueError, RecursionError):
        return data


def without_undo_files(value: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the JSON of a row without the files that an undo would act on; itself where it is none that has them."""
    if kind == "part" and value.get("type") == "patch":
        return {key: item for key, item in value.items() if key != "files"}
    if kind == "assistant" and isinstance(snapshot := value.get("snapshot"), dict):
        return {**value, "snapshot": {key: item for key, item in snapshot.items() if key != "files"}}
    return value


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
