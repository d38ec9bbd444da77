"""A turn as opencode writes it, state by state: what a copy of the database has that was made in the middle of it.

The rows are those that 1.18.34 wrote, looked at while it did, but for what has nothing to do with their growth. Those
of opencode 2 are put together from what its code of October 2026 does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.home import Home

Json = dict[str, Any]
State = dict[tuple[str, str], Json]
"""What each row says, by its table and id."""

_DONE = {"tokens": {"total": 20, "input": 10, "output": 10}, "finish": "tool-calls"}
_DIFF = {"file": "x.txt", "patch": "+x\n", "additions": 1}


def states(prefix: str, files: Sequence[str] = ("/home/dev/src/x.txt",)) -> list[State]:
    """The states of a turn of opencode 1, which changed these files, each with all rows of it; their ids begin so."""
    user, first, second = (f"msg_{prefix}_{number}" for number in (1, 2, 3))
    asked = {"role": "user", "time": {"created": 1}, "agent": "build"}
    begun = {"parentID": user, "role": "assistant", "cost": 0, "tokens": {"input": 0, "output": 0}}
    begun |= {"time": {"created": 2}}
    text, tool = {"type": "text", "text": "", "time": {"start": 1}}, {"type": "tool", "tool": "bash", "callID": "c"}
    running = {"status": "running", "input": {"command": "count"}, "time": {"start": 1}}
    completed = {"status": "completed", "input": {"command": "count"}, "output": "line1\nline2\n"}
    completed |= {"title": "count", "metadata": {"exit": 0}, "time": {"start": 1, "end": 2}}
    last = begun | {"time": {"created": 3}}
    end = {"type": "step-finish", "reason": "tool-calls", "snapshot": "b" * 40, "cost": 0}
    steps: list[tuple[tuple[str, str, Json], ...]] = [
        (("message", user, asked),),
        (("part", f"{user}_a", {"type": "text", "text": "Count!"}),),
        (("message", first, begun),),
        (("part", f"{first}_a", {"type": "step-start", "snapshot": "a" * 40}), ("part", f"{first}_b", text)),
        (("part", f"{first}_c", tool | {"state": {"status": "pending", "input": {}, "raw": ""}}),),
        (("part", f"{first}_b", text | {"text": "Well. ", "time": {"start": 1, "end": 2}}),),
        (("part", f"{first}_c", tool | {"state": running}),),
        (("part", f"{first}_c", tool | {"state": running | {"metadata": {"output": "line1\n"}}}),),
        (("message", user, asked | {"summary": {"diffs": []}}),),
        (("part", f"{first}_c", tool | {"state": running | {"metadata": {"output": "line1\nline2\n"}}}),),
        (("part", f"{first}_c", tool | {"state": completed}),),
        (("message", first, begun | _DONE), ("part", f"{first}_d", end)),
        (("part", f"{first}_e", {"type": "patch", "hash": "a" * 40, "files": [*files]}),),
        (("message", first, begun | _DONE | {"time": {"created": 2, "completed": 3}}), ("message", second, last)),
        (("part", f"{second}_a", text),),
        (("message", user, asked | {"summary": {"diffs": [_DIFF]}}),),
        (("part", f"{second}_a", text | {"text": "Done.", "time": {"start": 1, "end": 2}}),),
        (("message", second, last | _DONE | {"finish": "stop"}),),
        (("message", second, last | _DONE | {"finish": "stop", "time": {"created": 3, "completed": 4}}),),
        (("message", user, asked | {"summary": {"diffs": [_DIFF, _DIFF]}}),),
    ]
    found: list[State] = [{}]
    for rows in steps:
        found.append(found[-1] | {(table, id_): data for table, id_, data in rows})
    return found[1:]


def states_of_2(prefix: str) -> list[State]:
    """The same of opencode 2; `type` is what the row has in its column."""
    user, answer = f"msg_{prefix}_1", f"msg_{prefix}_2"
    tool = {"type": "tool", "id": "c", "name": "bash", "time": {"created": 2}}
    text = {"type": "text", "text": "Well."}
    begun: Json = {"type": "assistant", "time": {"created": 2}, "agent": "build", "content": []}
    begun |= {"snapshot": {"start": "a" * 40}}
    done = {"snapshot": {"start": "a" * 40, "end": "b" * 40, "files": ["x.txt"]}, "finish": "stop", "cost": 0}
    completed = tool | {"state": {"status": "completed", "input": {}, "content": [text]}}
    answers = [
        begun,
        begun | {"content": [text | {"text": "We"}]},
        begun | {"content": [text, tool | {"state": {"status": "streaming", "input": ""}}]},
        begun | {"content": [text, tool | {"state": {"status": "running", "input": {"command": "count"}}}]},
        begun | {"content": [text, completed | {"time": {"created": 2, "completed": 3}}]},
        begun | {"content": [text, completed | {"time": {"created": 2, "completed": 3}}]} | done,
    ]
    answers.append(answers[-1] | {"time": {"created": 2, "completed": 4}})
    asked = {"type": "user", "time": {"created": 1}, "text": "Count!"}
    first: State = {("session_message", user): asked}
    return [first, *({**first, ("session_message", answer): data} for data in answers)]


def row_of(session: str, key: tuple[str, str], data: Json, at: int) -> Json:
    """The row that says `data`, by its table and id, of a turn that began `at`."""
    table, id_ = key
    number = sum(map(ord, id_[-2:]))  # the same in each state, and greater the later it was begun
    row = {"id": id_, "session_id": session, "time_created": at + number, "time_updated": at}
    if table == "part":
        row["message_id"] = id_.rpartition("_")[0]
    if table == "session_message":
        row |= {"type": data["type"], "seq": 10_000 + number}
        data = {name: value for name, value in data.items() if name != "type"}
    return row | {"data": json.dumps(data, separators=(",", ":"))}


def put(home: Home, session: str, state: State, *, at: int = 2**40) -> None:
    """Let a session have these rows as its last turn, which began `at`, and no others of it."""
    written = {"time_updated": at + len(state)}
    for table in {"message", "part", "session_message"} & {*home.tables()}:
        home.execute(f"DELETE FROM {table} WHERE session_id = ? AND time_created >= ?", [session, at])
        if rows := [row_of(session, key, data, at) | written for key, data in state.items() if key[0] == table]:
            home.insert(table, *rows)
