"""What the handlers of all resources share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from migrator.arguments import WriteRequest
from migrator.errors import BadInput
from migrator.server.jobs import Jobs
from migrator.server.orphan_cache import OrphanCache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from migrator.model import Plan
    from migrator.server.database_access import DatabaseAccess

JSON = "application/json"

KEPT = 8
"""How many plans are kept."""

PAGES = 3
"""How many pages are read at a time. Python runs one thread at a time: more only take turns from a run that goes on."""


class Plans:
    """The plans that were made last, by their digest."""

    def __init__(self) -> None:
        self._kept: dict[str, Plan] = {}
        self._keeping = Lock()

    def keep(self, digest: str, plan: Plan) -> None:
        """Keep one, and forget the oldest where there are many."""
        with self._keeping:
            self._kept.pop(digest, None)
            self._kept[digest] = plan
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]

    def find(self, digest: str) -> Plan | None:
        """Return the plan with this digest, if it is still there."""
        with self._keeping:
            return self._kept.get(digest)


@dataclass(slots=True)
class AppState:
    """One database that is served."""

    gate: DatabaseAccess
    jobs: Jobs = field(default_factory=Jobs)
    plans: Plans = field(default_factory=Plans)
    looks: OrphanCache = field(default_factory=OrphanCache)
    pages: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(PAGES))


def app_state(request: Request) -> AppState:
    """Return what this request is about."""
    found = request.app.state.service
    assert isinstance(found, AppState)  # noqa: S101 - for the type checker
    return found


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer; text as it is, not escaped."""
    return json_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), status, headers)


def json_text(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that is JSON already."""
    return Response(text.encode("utf-8", "surrogatepass"), status, headers, JSON)


async def in_thread(work: Callable[[], Response], limiter: CapacityLimiter | None = None) -> Response:
    """Answer from a thread, so that others are answered meanwhile; `limiter` says how many may be at it."""
    return await to_thread.run_sync(work, limiter=limiter)


def write_request(values: Mapping[str, Any], progress: Callable[[int], None], route: str) -> WriteRequest:
    """Return the values of `WRITING` as a request; `route` is what the journal says of it.

    Waiting is not left to the run, since pages are to be answered meanwhile: see `jobs.retry_while_in_use`.
    """
    command = f"opencode-migrator serve ({route})"
    return WriteRequest(command, values["chunk-size"], values["on-conflict"], progress=progress)


async def json_body(request: Request, default: Any = None) -> Any:
    """Read the body as JSON, `default` where it is empty and there is one; BadInput where it is none."""
    raw = await request.body()
    if default is not None and not raw:
        return default
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise BadInput(f"The body must be {JSON}, not {kind[:80] or 'of no type'}.")
    return await run_in_threadpool(parse_json, raw)


def parse_json(raw: bytes) -> Any:
    """Parse JSON, strictly: no NaN, and no text that isn't Unicode."""
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
