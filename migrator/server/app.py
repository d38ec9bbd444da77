"""The application: every operation behind its guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from migrator.errors import MigratorError
from migrator.server.middleware import AuthMiddleware, HostMiddleware
from migrator.server.openapi import document
from migrator.server.problems import BAD_INPUT, NO_SUCH_PAGE, WRONG_METHOD, Problem, ProblemType
from migrator.server.routes import description, health, migrate, orphans, plan, runs, session

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.server.allowed_hosts import Hosts, Origins
    from migrator.server.state import AppState

OPERATIONS = tuple(
    operation
    for resource in (session, orphans, migrate, plan, runs, health, description)
    for operation in resource.OPERATIONS
)


def application(service: AppState, token: str, hosts: Hosts, origins: Origins) -> Starlette:
    """Return the application for one database."""
    open_paths = {operation.path for operation in OPERATIONS if not operation.secured}
    bodies = {operation.path: operation.most_bytes for operation in OPERATIONS if operation.most_bytes}
    cors = Middleware(
        CORSMiddleware,
        allow_origins=[*origins.allowed],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["x-next-cursor", "x-run", "Retry-After"],
    )
    app = Starlette(
        routes=[
            Route(operation.path, operation.handler, methods=[operation.method.upper()], name=operation.name)
            for operation in OPERATIONS
        ],
        middleware=[
            Middleware(HostMiddleware, hosts=hosts, origins=origins),
            *([cors] if origins.allowed else []),
            Middleware(AuthMiddleware, token=token, open_paths=open_paths, bodies=bodies),
        ],
        exception_handlers={MigratorError: _ours, Problem: _ours, HTTPException: _theirs},
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.document = document(OPERATIONS)
    return app


async def _ours(_: Request, error: Exception) -> Response:
    problem = error if isinstance(error, Problem) else Problem.of(error) if isinstance(error, MigratorError) else None
    assert problem is not None  # noqa: S101 - for the type checker
    return problem.response()


async def _theirs(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    kinds: dict[int, tuple[ProblemType, str]] = {
        404: (NO_SUCH_PAGE, f"There is nothing at {request.url.path}; /openapi.json describes what there is."),
        405: (WRONG_METHOD, f"{request.method} does nothing at {request.url.path}; /openapi.json says what does."),
    }
    kind, detail = kinds.get(error.status_code, (BAD_INPUT, error.detail))
    return Problem(kind, detail, error.headers, exit_code=2).response()
