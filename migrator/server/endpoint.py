"""An operation of the API: what it is called, what answers it, and all that the description says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.server.parameters import Parameter

ALWAYS = (400, 403, 500)
SECURED = (401,)


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """What an operation returns when all goes well: a description, and a JSON Schema for each media type."""

    description: str
    content: Mapping[str, Mapping[str, Any]]
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    `problems` are the statuses of refusals beside those that every operation may answer with; `about` describes the
    parameters in the path. `body` is the JSON Schema of the request body, None where there is none.
    """

    method: str
    path: str
    name: str
    handler: Callable[[Request], Awaitable[Response]]
    summary: str
    description: str
    answer: ResponseSpec
    problems: Sequence[int] = ()
    parameters: Sequence[Parameter] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    body_required: bool = True
    example: Any = None
    secured: bool = True
    most_bytes: int = 0
