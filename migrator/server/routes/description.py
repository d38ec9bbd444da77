"""`/healthz`, `/openapi.json` and `/`: whether the server is there, and what it offers. None needs the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from migrator import __version__
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import read_query
from migrator.server.state import json_response

if TYPE_CHECKING:
    from starlette.requests import Request


async def health(request: Request) -> Response:
    """Answer that all is well."""
    read_query(request, ())
    return json_response({"status": "ok", "version": __version__})


async def document(request: Request) -> Response:
    """Answer with the OpenAPI document."""
    read_query(request, ())
    return json_response(request.app.state.document)


async def page(request: Request) -> Response:
    """Answer with the description as a page to read."""
    from migrator.server.page import html

    read_query(request, ())
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
    return Response(html(request.app.state.document), headers=headers, media_type="text/html")


ENDPOINTS = (
    Endpoint(
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
    ),
    Endpoint(
        "get",
        "/openapi.json",
        "openapi",
        document,
        "Read this description as OpenAPI 3.1",
        "Needs no token and tells nothing of the database.",
        ResponseSpec("The description.", {"application/json": {"type": "object"}}),
        secured=False,
    ),
    Endpoint(
        "get",
        "/",
        "page",
        page,
        "Read this description as a page",
        "Needs no token, and nothing from elsewhere: it works offline.",
        ResponseSpec("The page.", {"text/html": {"type": "string"}}),
        secured=False,
    ),
)
