"""Compare two copies of a message or part, of which the second may only finish what the first began.

A database may be copied in the middle of a turn. For example, this part was being written when the first copy was made,
and was complete when the second was (`RowChange.CONTINUED`):

    {"type": "text", "text": "", "time": {"start": 5}}
    {"type": "text", "text": "The test fails.", "time": {"start": 5, "end": 9}}

If the first were complete too, with another text, each would say something of its own (`RowChange.DIFFERENT`).

opencode writes a turn step by step (seen with 1.18.34): an answer gains `finish` and tokens, then `time.completed`; a
tool goes from pending to running, with what it has printed so far, and to completed or error; a text begins empty and
is written when it ends. opencode 2 keeps all of that in the row of the answer (read in its source).

What is finished stays as it is, but for two marks of opencode's own: the `summary` of what a turn changed is written in
the background, also when the next turn has begun; and `time.compacted` says when the output of a tool was left out.
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
"""How far an answer is, or a tool: the stages in their order."""
_STAGES_OF_TOOLS = {"pending": _BEGUN, "streaming": _BEGUN, "running": _STEPPED}
"""The stage of a tool by its status. With any other status the tool has ended."""
_WRITTEN_IN_STEPS = {"message", "assistant", "shell"}
"""The kinds of messages that are written step by step; a shell is a command of the user in opencode 2."""
_CHANGED_BY_FINISHING = frozenset(
    {"cost", "tokens", "finish", "error", "metadata", "structured", "retry", "status", "exit", "output"}
)
"""Fields that may appear or change while an answer is being finished."""


class RowChange(Enum):
    """How the second of two copies of a row differs from the first."""

    SAME = auto()
    """It says the same."""

    MARKED = auto()
    """It says the same, and opencode has marked it, which it does long after a turn too."""

    SUMMARISED = auto()
    """The user said the same in it; the summary of what the turn changed is another, since the turn wasn't over."""

    CONTINUED = auto()
    """The first wasn't finished, and the second has more: all that is in the first is in the second."""

    DIFFERENT = auto()
    """It says something else."""


IN_ANY_TURN = frozenset({RowChange.SAME, RowChange.MARKED})
"""What may have happened to a row whose turn was finished."""


def row_change(kind: str, first: object, second: object) -> RowChange:
    """Compare the JSON of two copies of a row; `kind` is its table, in opencode 2 its type."""
    before, after = (None, None) if first == second else (_said(kind, first), _said(kind, second))
    if before == after:
        return RowChange.SAME if first == second or before is not None else RowChange.DIFFERENT
    if before is None or after is None:
        return RowChange.DIFFERENT
    if kind == "part":
        is_marked, is_continued = before == _without_mark(after), _is_part_continued(before, after)
    elif before.get("role") == "user":
        return _change_of_prompt(before, after)
    else:
        is_marked, is_continued = False, kind in _WRITTEN_IN_STEPS and _is_answer_continued(before, after)
    return RowChange.MARKED if is_marked else RowChange.CONTINUED if is_continued else RowChange.DIFFERENT


def _change_of_prompt(before: Json, after: Json) -> RowChange:
    if _without(before, "summary") != _without(after, "summary"):
        return RowChange.DIFFERENT
    is_more = "summary" not in before or _is_within(before["summary"], after.get("summary"))
    return RowChange.MARKED if is_more else RowChange.SUMMARISED


def _said(kind: str, data: object) -> dict[str, Any] | None:
    """Return the JSON of a row as it is compared (see contents.py); None if it isn't text with a JSON object."""
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


def _is_answer_continued(before: Json, after: Json) -> bool:
    stage_before, stage_after = _stage_of_answer(before), _stage_of_answer(after)
    parts_before, parts_after = before.get("content", []), after.get("content", [])
    if stage_before == _ENDED or stage_after < stage_before:
        return False
    if not isinstance(parts_before, list) or not isinstance(parts_after, list):
        return False
    may_differ = _CHANGED_BY_FINISHING if stage_after > stage_before else ()
    return (
        _is_within(_without(before, "content", *may_differ), after)
        and len(parts_before) <= len(parts_after)
        and all(
            part_before == part_after or _is_part_of_2_continued(part_before, part_after)
            for part_before, part_after in zip(parts_before, parts_after, strict=False)
        )
    )


def _stage_of_answer(message: Json) -> int:
    """Return how far an answer is; one without a time at which it could end has ended."""
    time = message.get("time")
    if not isinstance(time, dict) or "completed" in time:
        return _ENDED
    return _FAILED if "error" in message else _STEPPED if "finish" in message else _BEGUN


def _is_part_continued(before: Json, after: Json) -> bool:
    """Tell whether a part of opencode 1 is continued: a tool, or a text with a time at which it began."""
    if "state" in before:
        return _is_tool_continued(before, after)
    time_before, time_after = before.get("time"), after.get("time")
    is_open = isinstance(time_before, dict) and "end" not in time_before
    is_finished = isinstance(time_after, dict) and "end" in time_after
    return is_open and _is_text_continued(before, after, is_finished=is_finished)


def _is_part_of_2_continued(before: Any, after: Any) -> bool:
    """Tell whether a part of an unfinished answer of opencode 2 is continued; its texts have no times."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    if "state" in before:
        return _is_tool_continued(before, after)
    return _is_text_continued(before, after, is_finished=True)


def _is_tool_continued(before: Json, after: Json) -> bool:
    state_before, state_after = before["state"], after.get("state")
    if not isinstance(state_before, dict) or not isinstance(state_after, dict):
        return False
    stage_before, stage_after = (
        _STAGES_OF_TOOLS.get(str(state.get("status")), _ENDED) for state in (state_before, state_after)
    )
    return (
        stage_before < _ENDED
        and (stage_before < stage_after or (stage_before == stage_after and _is_within(state_before, state_after)))
        and _is_within(_without(before, "state", "metadata"), after)
    )


def _is_text_continued(before: Json, after: Json, *, is_finished: bool) -> bool:
    """Tell whether the second text begins with the first. opencode strips trailing spaces when a text is finished."""
    text_before, text_after = before.get("text"), after.get("text")
    if not isinstance(text_before, str) or not isinstance(text_after, str):
        return False
    may_differ = _CHANGED_BY_FINISHING if is_finished else ()
    return text_after.startswith(text_before.rstrip() if is_finished else text_before) and _is_within(
        _without(before, "text", *may_differ), after
    )


def _is_within(old: Any, new: Any) -> bool:
    """Tell whether everything in `old` is in `new`, in which texts and lists may be longer and objects have more.

    It calls nothing for each level: what somebody else wrote may be nested as deep as the decoder goes.
    """
    pairs = [(old, new)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if not one.keys() <= other.keys():
                return False
            pairs += [(value, other[key]) for key, value in one.items()]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) > len(other):
                return False
            pairs += zip(one, other, strict=False)
        elif isinstance(one, str) and isinstance(other, str):
            if not other.startswith(one):
                return False
        elif one != other or isinstance(one, bool) is not isinstance(other, bool):  # 1.0 is 1, and True isn't
            return False
    return True
