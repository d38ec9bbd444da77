"""How one state of a row that was said stands to another: a database may be copied in the middle of a turn.

opencode writes a turn step by step (seen with 1.18.34): an answer gains `finish` and tokens, then `time.completed`; a
tool goes from pending to running, with what it has printed so far, and to completed or error; a text begins empty and
is written when it ends. opencode 2 keeps all of that in the row of the answer (read in its source).

What is finished stays, but for two marks of opencode's own: the `summary` of what a turn changed is written in the
background, also when the next turn has begun; and `time.compacted` says when the output of a tool was left out.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from migrator.store.companion_files import without_directory_of_outputs
from migrator.store.contents import without_undo_files
from migrator.store.row_json import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, Any]

_BEGUN, _STEPPED, _FAILED, _ENDED = range(4)
"""How far an answer is, or a tool."""
_TOOLS = {"pending": _BEGUN, "streaming": _BEGUN, "running": _STEPPED}
"""How far a tool is that hasn't ended; whatever else its status is, it has."""
_ANSWERS = {"message", "assistant", "shell"}
"""The kinds of messages that are written step by step; a shell is a command of the user in opencode 2."""
_OF_PROGRESS = frozenset(
    {"cost", "tokens", "finish", "error", "metadata", "structured", "retry", "status", "exit", "output"}
)
"""What may be there, or be another, once more is finished."""


class Progress(Enum):
    """What has become of a row between two states of it."""

    NONE = auto()
    """It says the same."""

    MARKED = auto()
    """It says the same, and opencode has marked it, which it does long after a turn too."""

    SUMMARISED = auto()
    """It says the same of what the user said, and something else of what the turn changed so far."""

    FURTHER = auto()
    """It wasn't finished, and is further: everything that it said it still says."""

    OTHER = auto()
    """It says something else."""


IN_ANY_TURN = frozenset({Progress.NONE, Progress.MARKED})
"""What may become of a row whose turn was finished."""


def progress(kind: str, old: object, new: object) -> Progress:
    """Tell what has become of a row, by its JSON in two states; `kind` is its table, in opencode 2 its type."""
    before, after = (None, None) if old == new else (_said(kind, old), _said(kind, new))
    if before == after:
        return Progress.NONE if old == new or before is not None else Progress.OTHER
    if before is None or after is None:
        return Progress.OTHER
    if kind == "part":
        marked, goes_on = before == _without_mark(after), _part_goes_on(before, after)
    elif before.get("role") == "user":
        return _progress_of_user(before, after)
    else:
        marked, goes_on = False, kind in _ANSWERS and _answer_goes_on(before, after)
    return Progress.MARKED if marked else Progress.FURTHER if goes_on else Progress.OTHER


def _progress_of_user(before: Json, after: Json) -> Progress:
    if _without(before, "summary") != _without(after, "summary"):
        return Progress.OTHER
    is_more = "summary" not in before or _is_within(before["summary"], after.get("summary"))
    return Progress.MARKED if is_more else Progress.SUMMARISED


def _said(kind: str, data: object) -> dict[str, Any] | None:
    """Return the JSON of a row as it is compared (see contents.py), None if it is no text with a JSON object."""
    if not isinstance(decode(data), dict) or not isinstance(data, str):
        return None
    raw = without_directory_of_outputs(data.encode(errors="surrogatepass"))
    value = decode(raw.decode(errors="surrogatepass"))
    return without_undo_files(value, kind) if isinstance(value, dict) else None


def _without(value: Json, *keys: str) -> Json:
    return {key: item for key, item in value.items() if key not in keys}


def _without_mark(part: Json) -> Json:
    state = part.get("state")
    if not isinstance(state, dict) or not isinstance(time := state.get("time"), dict):
        return part
    return {**part, "state": {**state, "time": _without(time, "compacted")}}


def _answer_goes_on(before: Json, after: Json) -> bool:
    rank, reached = _rank_of_answer(before), _rank_of_answer(after)
    content, more = before.get("content", []), after.get("content", [])
    if rank == _ENDED or reached < rank or not isinstance(content, list) or not isinstance(more, list):
        return False
    free = _OF_PROGRESS if reached > rank else ()
    return (
        _is_within(_without(before, "content", *free), after)
        and len(content) <= len(more)
        and all(one == other or _element_goes_on(one, other) for one, other in zip(content, more, strict=False))
    )


def _rank_of_answer(message: Json) -> int:
    """Return how far an answer is; what has no time at which it could end has ended."""
    time = message.get("time")
    if not isinstance(time, dict) or "completed" in time:
        return _ENDED
    return _FAILED if "error" in message else _STEPPED if "finish" in message else _BEGUN


def _part_goes_on(before: Json, after: Json) -> bool:
    """Tell whether a part of opencode 1 goes on: a tool, or a text with a time at which it began."""
    if "state" in before:
        return _tool_goes_on(before, after)
    time, then = before.get("time"), after.get("time")
    is_open = isinstance(time, dict) and "end" not in time
    return is_open and _text_goes_on(before, after, is_finished=isinstance(then, dict) and "end" in then)


def _element_goes_on(before: Any, after: Any) -> bool:
    """Tell whether a part of an unfinished answer of opencode 2 goes on; a text has no times."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    return _tool_goes_on(before, after) if "state" in before else _text_goes_on(before, after, is_finished=True)


def _tool_goes_on(before: Json, after: Json) -> bool:
    state, then = before["state"], after.get("state")
    if not isinstance(state, dict) or not isinstance(then, dict):
        return False
    rank, reached = (_TOOLS.get(str(each.get("status")), _ENDED) for each in (state, then))
    return (
        rank < _ENDED
        and (rank < reached or (rank == reached and _is_within(state, then)))
        and _is_within(_without(before, "state", "metadata"), after)
    )


def _text_goes_on(before: Json, after: Json, *, is_finished: bool) -> bool:
    """Tell whether a text begins with another one; the end of one that `is_finished` is without spaces."""
    text, more = before.get("text"), after.get("text")
    if not isinstance(text, str) or not isinstance(more, str):
        return False
    free = _OF_PROGRESS if is_finished else ()
    return more.startswith(text.rstrip() if is_finished else text) and _is_within(
        _without(before, "text", *free), after
    )


def _is_within(old: Any, new: Any) -> bool:
    """Tell whether everything in `old` is in `new`, in which texts and lists may be longer and objects have more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _is_within(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) <= len(new) and all(map(_is_within, old, new))
    if isinstance(old, str) and isinstance(new, str):
        return new.startswith(old)
    return type(old) is type(new) and bool(old == new)
