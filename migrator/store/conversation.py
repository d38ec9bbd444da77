"""What was said in sessions: prompts and answers, and what tools were given and gave back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.model import Passage
from migrator.store.row_json import decode
from migrator.store.sql import array_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from migrator.choices import SearchedIn
    from migrator.store.reader import Store

_AROUND = 60
"""How many characters of a passage stand before and after what was looked for."""

# opencode 1 writes the type of a part first, which tells nearly all apart by a few letters; only others are parsed.
# `synthetic` parts were never typed: opencode writes into them what it tells the model of a file (seen with 1.18.34).
_OF_A_KIND = """
    typeof(part.data) = 'text' AND NOT
    (substr(part.data, 1, 9) = '{"type":"' AND substr(part.data, 10, instr(substr(part.data, 10, 20), '"') - 1)
    NOT IN (SELECT value FROM json_each(?)))
"""
_PARTS = f"SELECT rowid, session_id, data FROM main.part WHERE {_OF_A_KIND}"
_MESSAGES = (
    "SELECT rowid, session_id, data FROM main.session_message "
    "WHERE typeof(data) = 'text' AND type IN ('user', 'assistant')"
)
_SAID_IN_1 = f"""
    SELECT CASE WHEN json_valid(message.data) THEN json_extract(message.data, '$.role') END, part.data
    FROM main.part JOIN main.message ON message.id = part.message_id
    WHERE part.session_id = ? AND {_OF_A_KIND} ORDER BY message.time_created, message.id, part.id
"""
_SAID_IN_2 = (
    "SELECT type, data FROM main.session_message "
    "WHERE session_id = ? AND typeof(data) = 'text' AND type IN ('user', 'assistant') ORDER BY seq"
)


def find_passages(
    store: Store, text: str, where: Collection[SearchedIn], tick: Callable[[int], None]
) -> dict[str, Passage]:
    """Map each session in which `text` was said, whatever the case, to the first passage that is found.

    Sessions that both opencodes have are searched in both. `tick` is called with about how many bytes of the
    database have been read since the last call.
    """
    wanted, found = text.casefold(), dict[str, Passage]()
    # What JSON writes as it is must be in the row too; what it may escape is looked for in the decoded text only.
    plain = wanted if wanted.isascii() and wanted.isprintable() and not {*wanted} & {*'"\\'} else ""
    kinds = {"conversation": "text", "tools": "tool"}
    for session, data in _rows(store, [kinds[place] for place in where], tick):
        if session in found or (plain not in data.casefold() and "\\u" not in data and "\\/" not in data):
            continue
        for said in _texts(decode(data), where):
            if passage := _passage(said, wanted):
                found[session] = passage
                break
    return found


def prompt_and_answer(store: Store, session: str) -> tuple[str, str]:
    """Return the first prompt and the last answer of a session, "" where there is none; opencode 2's, if it has it."""
    prompt = answer = ""
    for role, data in _said(store, session):
        text = "\n".join(_texts(decode(data), {"conversation"}))
        if role == "user":
            prompt = prompt or text
        elif text and role == "assistant":
            answer = text
    return prompt, answer


def _said(store: Store, session: str) -> Iterator[tuple[str, str]]:
    found = False
    for row in store.each_row(_SAID_IN_2, [session]) if store.schema.has_v2 else ():
        found = True
        yield row
    if store.schema.has_v1 and not found:
        yield from store.each_row(_SAID_IN_1, [session, array_of(["text"])])


def _rows(store: Store, kinds: list[str], tick: Callable[[int], None]) -> Iterator[tuple[str, str]]:
    tables = [("part", _PARTS, [array_of(kinds)])] * store.schema.has_v1
    tables += [("session_message", _MESSAGES, [])] * store.schema.has_v2
    ends = [int(end or 0) for name, *_ in tables for ((end,),) in [store.rows(f"SELECT max(rowid) FROM main.{name}")]]
    bytes_each, before, told = store.size() / max(sum(ends), 1), 0, 0
    for (_, sql, params), end in zip(tables, ends, strict=True):
        for rowid, session, data in store.each_row(sql, params):
            done = int((before + rowid) * bytes_each)
            tick(done - told)
            told = done
            yield session, data
        before += end


def _texts(value: Any, where: Collection[SearchedIn]) -> Iterator[str]:
    """Yield what a part of opencode 1 or a message of opencode 2 says."""
    if not isinstance(value, dict):
        return
    pieces = [value, *(piece for piece in value.get("content") or () if isinstance(piece, dict))]
    for piece in pieces:
        kind = piece.get("type")
        if kind == "tool" and "tools" in where:
            yield from _strings(piece.get("state"))
        elif kind in {"text", None} and "conversation" in where and not piece.get("synthetic"):
            yield from _strings(piece.get("text"))


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names of keys left out; decoding has bounded how deep it is."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _passage(text: str, wanted: str) -> Passage | None:
    """Return where `wanted`, which is case-folded, is in a text; folding may change how long a text is."""
    folded = text.casefold()
    if (at := folded.find(wanted)) < 0:
        return None
    if len(folded) != len(text):
        lengths = [len(letter.casefold()) for letter in text]
        start, end = _letter(lengths, at), _letter(lengths, at + len(wanted) - 1) + 1
    else:
        start, end = at, at + len(wanted)
    return Passage(text[max(start - _AROUND, 0) : start], text[start:end], text[end : end + _AROUND])


def _letter(lengths: list[int], at: int) -> int:
    """Return the index of the letter that the character `at` of the folded text comes from."""
    for index, length in enumerate(lengths):
        at -= length
        if at < 0:
            return index
    return len(lengths) - 1
