"""`/healthz`: whether the server is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator import __version__
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import read_query
from migrator.server.state import json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def health(request: Request) -> Response:
    """Answer that all is well."""
    read_query(request, ())
    return json_response({"status": "ok", "version": __version__})


ENDPOINT = Endpoint(
    "get",
    "/healthz",
    "health",
    health,
    "Ask whether the server is there",
    "Needs no token and tells nothing of the database.",
    ResponseSpec(
        "It is.",
        {
            "application/json": {
                "type": "object",
                "required": ["status", "version"],
                "properties": {
                    "status": {"const": "ok"},
                    "version": {"type": "string", "description": "The version of opencode-migrator."},
                },
            }
        },
    ),
    secured=False,
)
