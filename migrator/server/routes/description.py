"""`/openapi.json` and `/`: the description of the API, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import read_query
from migrator.server.state import json_response

if TYPE_CHECKING:
    from starlette.requests import Request


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
