"""A model on loopback that does what the prompt says, so that the real opencode works without any network.

A prompt holds orders, `[[tool:NAME {json arguments}]]` (see `order`), and the model gives them one per turn in that
order, then answers with a line of text. `@CWD@` in an argument becomes the working directory that opencode named in its
system prompt, so files land where a real model would put them. Its API key is the path of that opencode's database.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]

_ORDER = re.compile(r"\[\[tool:(\w+) ")
_WORKING_DIRECTORY = re.compile(r"[Ww]orking directory: *(\S+)")
_PATIENCE_SECONDS = 60
_ENVELOPE = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": "fake-1"}
_USAGE = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
_FIRST_WORD = {"role": "assistant", "content": "Well. "}
_CALL_NUMBER = itertools.count(1)


def order(tool: str, **arguments: Any) -> str:
    """What to write into a prompt so that the model calls `tool`. Orders may hold orders (a task for a sub-agent)."""
    return f"[[tool:{tool} {json.dumps(arguments)}]]"


def _orders(prompt: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    end = 0
    while match := _ORDER.search(prompt, end):
        _, end = json.JSONDecoder().raw_decode(prompt, match.end())
        found.append((match[1], prompt[match.end() : end]))
    return found


def _text(message: Message) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _answer(request: Message) -> tuple[Message, str]:
    """The assistant's message and its finish reason."""
    messages = request["messages"]
    system = "\n".join(_text(m) for m in messages if m["role"] in {"system", "developer"})
    directory = _WORKING_DIRECTORY.search(system)
    last_user = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=0)
    prompt = _text(messages[last_user])
    done = sum(m["role"] == "tool" for m in messages[last_user:])
    orders = _orders(prompt) if request.get("tools") else []
    if done == len(orders):
        return {"role": "assistant", "content": f"Done: {done} orders."}, "stop"
    tool, arguments = orders[done]
    if directory:
        arguments = arguments.replace("@CWD@", directory[1])
    call = {
        "index": 0,
        "id": f"call_{next(_CALL_NUMBER)}",
        "type": "function",
        "function": {"name": tool, "arguments": arguments},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"


def _steps(database: str) -> int | None:
    """How many steps have begun; None where that isn't told: opencode 2 has no `part`."""
    with closing(sqlite3.connect(f"file:{quote(database)}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'part'").fetchone():
            return None
        query = "SELECT count(*) FROM part WHERE json_extract(data, '$.type') = 'step-start'"
        (count,) = connection.execute(query).fetchone()
        return int(count)


def _wait_for_step(database: str, steps: int | None) -> None:
    """Until opencode has written that a step more began, which it does after it took its snapshot.

    A model that calls a tool sooner than that has its changes in the snapshot from before them: no `patch`, no undo.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while steps is not None and _steps(database) == steps and time.monotonic() < deadline:
        time.sleep(0.02)


class _Handler(BaseHTTPRequestHandler):
    """`POST /v1/chat/completions` with `stream`; one request per connection (HTTP/1.0), so no thread outlives it."""

    def log_message(self, *_args: object) -> None:
        """Say nothing: the test output is not the place."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        delta, finish_reason = _answer(request)
        database = self.headers["authorization"].removeprefix("Bearer ")
        steps = _steps(database)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self._send(
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Well. "}, "finish_reason": None}]}
        )
        if finish_reason == "tool_calls":
            _wait_for_step(database, steps)
        self._send({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}], "usage": _USAGE})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, event: Message) -> None:
        self.wfile.write(b"data: " + json.dumps(_ENVELOPE | event).encode() + b"\n\n")


@contextmanager
def running() -> Iterator[str]:
    """The base URL of a fake model that lives as long as the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="fake model")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
