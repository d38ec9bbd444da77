"""What all handlers share."""

from __future__ import annotations

import json
from asyncio import CancelledError
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from migrator.arguments import WriteRequest
from migrator.errors import BadInput
from migrator.face import HTTP, facing
from migrator.server.jobs import Jobs, retry_while_in_use
from migrator.server.orphan_cache import OrphanCache
from migrator.server.parameters import with_camel_case
from migrator.server.problems import Problem
from migrator.text import printable_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from migrator.model import Plan, Run
    from migrator.server.database_access import DatabaseAccess
    from migrator.server.jobs import Work

JSON = "application/json"

KEPT_PLANS = 8

PAGE_THREADS = 3
"""How many pages are read at a time. Python runs one thread at a time: more would only slow down a run."""


class Plans:
    """The last plans that were made, by their digest."""

    def __init__(self) -> None:
        self._kept: dict[str, Plan] = {}
        self._lock = Lock()

    def keep(self, digest: str, plan: Plan) -> None:
        """Keep a plan, and forget the oldest if there are too many."""
        with self._lock:
            self._kept.pop(digest, None)
            self._kept[digest] = plan
            while len(self._kept) > KEPT_PLANS:
                del self._kept[next(iter(self._kept))]

    def find(self, digest: str) -> Plan | None:
        """Return the plan with this digest, if it is still kept."""
        with self._lock:
            return self._kept.get(digest)


@dataclass(slots=True)
class AppState:
    """The database that is served, and what the server keeps of it."""

    access: DatabaseAccess
    jobs: Jobs = field(default_factory=Jobs)
    plans: Plans = field(default_factory=Plans)
    orphan_cache: OrphanCache = field(default_factory=OrphanCache)
    pages: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(PAGE_THREADS))


def app_state(request: Request) -> AppState:
    """Return the state of the server that this request was sent to."""
    found = request.app.state.shared
    assert isinstance(found, AppState)  # noqa: S101 - for the type checker
    return found


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response; text in it is escaped only where a terminal would obey it."""
    return json_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), status, headers)


def json_text(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of text that is JSON already."""
    return Response(printable_json(text).encode(), status, headers, JSON)


async def in_thread(work: Callable[[], Response], limiter: CapacityLimiter | None = None) -> Response:
    """Do `work` in a thread, so that other requests are answered meanwhile; `limiter` says how many at a time.

    It only reads: a server that stops doesn't wait for it.
    """
    try:
        return await to_thread.run_sync(work, limiter=limiter, abandon_on_cancel=True)
    except CancelledError:
        raise Problem.stopping() from None


def write_work(state: AppState, values: Mapping[str, Any], route: str, write: Callable[[WriteRequest], Run]) -> Work:
    """Return the work of a job that calls `write`; `values` are those of `WRITE_FIELDS`, the journal records `route`.

    The run itself doesn't wait for other processes, since pages are answered meanwhile: see `jobs.retry_while_in_use`.
    """

    def work(progress: Callable[[int], None]) -> Run:
        command = f"opencode-migrator serve ({route})"
        request = WriteRequest(
            command,
            values["chunkSize"],
            values["onConflict"],
            progress=progress,
            trust_locks=values["trustLocks"],
        )
        with facing(HTTP, trusts_locks=request.trust_locks):
            return retry_while_in_use(state.access, values["wait"], lambda: write(request), progress)

    return work


async def json_body(request: Request, default: Any = None) -> Any:
    """Return the body, parsed as JSON, or `default` if it is empty; its fields have the names of today.

    Raises BadInput if it isn't JSON.
    """
    raw = await request.body()
    if default is not None and not raw:
        return default
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise BadInput(f"The body must be {JSON}, not {kind[:80] or 'of no type'}.")
    return with_camel_case(await run_in_threadpool(parse_json, raw))


def parse_json(raw: bytes) -> Any:
    """Parse JSON strictly. Raises BadInput, also for NaN and for text that isn't Unicode."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_no_number)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The body is no JSON: {error}.") from None
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
