"""One endpoint of the API: its name, its handler, and everything that the OpenAPI document says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.server.parameters import Parameter

COMMON_REFUSALS = (400, 403, 500)
TOKEN_REFUSALS = (401,)
NEXT_CURSOR = "x-next-cursor"


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """The answer of success: a description, and a JSON Schema for each media type."""

    description: str
    content: Mapping[str, Mapping[str, Any]]
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def json_array(schema: str) -> dict[str, Any]:
    """Return the content of a response that is a JSON array; `schema` names that of its items."""
    return {"application/json": {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}}


def page_response(description: str, schema: str, headers: Mapping[str, Any] | None = None) -> ResponseSpec:
    """Return the response that is one page of a list, with the cursor of the next in a header, and other `headers`."""
    header = {"description": "The cursor of the next page; absent on the last.", "schema": {"type": "string"}}
    return ResponseSpec(description, json_array(schema), {NEXT_CURSOR: header, **(headers or {})})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    `refusals` are the statuses that it may refuse with, besides those of every endpoint; `path_parameters` describes
    the parameters in the path. `body` is the JSON Schema of the request body, or None if there is none.
    """

    method: str
    path: str
    name: str
    handler: Callable[[Request], Awaitable[Response]]
    summary: str
    description: str
    response: ResponseSpec
    refusals: Sequence[int] = ()
    parameters: Sequence[Parameter] = ()
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    body_required: bool = True
    example: Any = None
    secured: bool = True
    max_body_bytes: int = 0
