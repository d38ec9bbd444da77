"""The application: every endpoint, behind the middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from migrator.errors import BadInput, MigratorError
from migrator.server.middleware import AuthMiddleware, HostMiddleware, problem_of
from migrator.server.openapi import document
from migrator.server.problems import BAD_INPUT, NO_SUCH_PAGE, WRONG_METHOD, Problem, ProblemType
from migrator.server.routes import apply, description, log, migrate, orphans, plan, undo
from migrator.server.routes import list as list_

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.server.allowed_hosts import Hosts, Origins
    from migrator.server.state import AppState

ENDPOINTS = (
    *(route.ENDPOINT for route in (list_, orphans, migrate, plan, apply, log, undo)),
    plan.PAGE,
    log.PAGE,
    *description.ENDPOINTS,
)


def application(state: AppState, token: str, hosts: Hosts, origins: Origins) -> Starlette:
    """Return the application for one database."""
    open_paths = {endpoint.path for endpoint in ENDPOINTS if not endpoint.secured}
    body_limits = {endpoint.path: endpoint.max_body_bytes for endpoint in ENDPOINTS if endpoint.max_body_bytes}
    cors = Middleware(
        CORSMiddleware,
        allow_origins=[*origins.allowed],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["x-next-cursor", "x-run", "Retry-After"],
    )
    app = Starlette(
        routes=[
            Route(endpoint.path, endpoint.handler, methods=[endpoint.method.upper()], name=endpoint.name)
            for endpoint in ENDPOINTS
        ],
        middleware=[
            Middleware(HostMiddleware, hosts=hosts, origins=origins),
            *([cors] if origins.allowed else []),
            Middleware(AuthMiddleware, token=token, open_paths=open_paths, body_limits=body_limits),
        ],
        exception_handlers={MigratorError: _refusal, Problem: _refusal, HTTPException: _http_error},
    )
    app.router.redirect_slashes = False
    app.state.shared = state
    app.state.document = document(ENDPOINTS)
    return app


async def _refusal(_: Request, error: Exception) -> Response:
    return problem_of(error).response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    kinds: dict[int, tuple[ProblemType, str]] = {
        404: (NO_SUCH_PAGE, f"There is nothing at {request.url.path}; /openapi.json describes what there is."),
        405: (WRONG_METHOD, f"{request.method} does nothing at {request.url.path}; /openapi.json says what does."),
    }
    kind, detail = kinds.get(error.status_code, (BAD_INPUT, error.detail))
    return Problem(kind, detail, error.headers, exit_code=BadInput.exit_code).response()
