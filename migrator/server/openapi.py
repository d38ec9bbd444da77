"""The OpenAPI 3.1 document, made from the endpoints and from the schemas of plan@1, run@1 and log@1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator import __version__
from migrator.documents.schemas import schema
from migrator.server import problems
from migrator.server.endpoint import COMMON_REFUSALS, TOKEN_REFUSALS
from migrator.server.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.server.endpoint import Endpoint

_STATUSES = {
    400: "The request can't be understood.",
    401: "The token is missing or wrong.",
    403: "The Host or Origin of the request isn't one that may ask here.",
    404: "What the request is about isn't there.",
    409: "In use, stale or in conflict: another process has the database open (`holders`), another run is being "
    "carried out, or rows changed since the plan was made (`rows`). Nothing was written.",
    413: "The body is too large.",
    422: "Refused: the request is understood, but can't be done. Nothing was written.",
    500: "Something unexpected went wrong; the traceback is in a file that `detail` names.",
    503: "The server is stopping, and what it was doing was rolled back; or the database can't be read.",
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "opencode-migrator",
            "version": __version__,
            "summary": "Move opencode sessions in bulk: show it first, take it back, lose no file.",
            "description": "Served by `opencode-migrator serve`. Field names of sessions are opencode's; every refusal "
            "is `application/problem+json` with the sentence that the command line would print.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": {
                **SCHEMAS,
                "Problem": problems.SCHEMA,
                **_published("Plan", "plan"),
                **_published("Run", "run"),
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "What `serve` printed at its start and wrote to the token file.",
                }
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.description,
        "security": [{"token": []}] if endpoint.secured else [],
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string"}}
                for name, text in endpoint.path_parameters.items()
            ),
            *(parameter.document() for parameter in endpoint.parameters),
        ],
        "responses": {
            "200": {
                "description": endpoint.response.description,
                "headers": {name: dict(header) for name, header in endpoint.response.headers.items()},
                "content": {kind: {"schema": schema} for kind, schema in endpoint.response.content.items()},
            },
            **{str(status): _refusal(status) for status in _refusals(endpoint)},
        },
    }
    if endpoint.body is not None:
        body: dict[str, Any] = {"schema": endpoint.body}
        if endpoint.example is not None:
            body["example"] = endpoint.example
        found["requestBody"] = {"required": endpoint.body_required, "content": {"application/json": body}}
    return found


def _refusals(endpoint: Endpoint) -> list[int]:
    with_body = (413,) if endpoint.body is not None else ()
    return sorted({*COMMON_REFUSALS, *(TOKEN_REFUSALS if endpoint.secured else ()), *endpoint.refusals, *with_body})


def _refusal(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _STATUSES[status],
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == problems.UNAUTHORIZED.status:
        response["headers"] = {"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}}
    if status == problems.BUSY.status:
        response["headers"] = {
            "Retry-After": {"description": "Seconds; absent where the plan is stale.", "schema": {"type": "integer"}}
        }
    return response


def _published(name: str, document: str) -> dict[str, Any]:
    """Return a document's schema as components; its `$defs` become components too, which every tool can follow."""
    whole = schema(document, f"#/components/schemas/{name}.{{name}}")
    definitions = whole.pop("$defs")
    for key in ("$schema", "$id"):
        del whole[key]
    return {name: whole, **{f"{name}.{inner}": definition for inner, definition in definitions.items()}}
