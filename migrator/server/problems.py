"""Every refusal as problem+json (RFC 9457), with the sentence that the command line would print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

from migrator.errors import (
    BadInput,
    DatabaseInUse,
    Interrupted,
    MigratorError,
    NoSuchDirectory,
    NoSuchRun,
    NothingMatched,
    StalePlan,
    Unusable,
)
from migrator.text import printable_json, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1


class ProblemType(NamedTuple):
    """A kind of refusal: `code` is its name for programs."""

    code: str
    status: int
    title: str


BAD_INPUT = ProblemType(BadInput.code, 400, "The request can't be understood")
UNAUTHORIZED = ProblemType("unauthorized", 401, "The token is missing or wrong")
FORBIDDEN = ProblemType("forbidden", 403, "The request comes from where it isn't allowed")
NOT_FOUND = ProblemType(NothingMatched.code, 404, "No session fits")
NO_SUCH_RUN = ProblemType(NoSuchRun.code, 404, "No such run")
NO_SUCH_PLAN = ProblemType("no-such-plan", 404, "No such plan")
NO_SUCH_PAGE = ProblemType("no-such-page", 404, "No such page")
WRONG_METHOD = ProblemType("wrong-method", 405, "That can't be done here")
IN_USE = ProblemType(DatabaseInUse.code, 409, "The database is in use")
BUSY = ProblemType("busy", 409, "Another run is being carried out")
STALE = ProblemType(StalePlan.code, 409, "The plan is stale")
TOO_LARGE = ProblemType("too-large", 413, "The request is too large")
REFUSED = ProblemType(MigratorError.code, 422, "Refused")
NO_SUCH_DIRECTORY = ProblemType(NoSuchDirectory.code, 422, "No such directory")
UNEXPECTED = ProblemType("unexpected", 500, "Something unexpected went wrong")
STOPPING = ProblemType(Interrupted.code, 503, "The server is stopping")
UNUSABLE = ProblemType(Unusable.code, 503, "The database can't be read")

_BY_CODE = {kind.code: kind for kind in list(globals().values()) if isinstance(kind, ProblemType)}


class Problem(Exception):
    """A refusal: an exception that holds its HTTP response."""

    def __init__(
        self, kind: ProblemType, detail: str, headers: Mapping[str, str] | None = None, exit_code: int = 1, **more: Any
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = dict(headers or {})
        if kind.status == IN_USE.status and kind is not STALE:
            self.headers.setdefault("Retry-After", str(RETRY_SECONDS))
        self.document = {
            "type": f"urn:opencode-migrator:problem:{kind.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": detail,
            "code": kind.code,
            "exit": exit_code,
            **more,
        }

    @classmethod
    def stopping(cls) -> Problem:
        """Refuse since the server stops."""
        return cls(STOPPING, "The server is stopping; nothing was written.", exit_code=Interrupted.exit_code)

    @classmethod
    def of(cls, error: MigratorError) -> Problem:
        """Return the problem for one of our errors."""
        more: dict[str, Any] = {}
        said = str(error)
        detail = sentence(said)
        if isinstance(error, BadInput) and detail[1:].startswith(said[1:]):  # it may begin with the name of a field
            detail = said[:1] + detail[1:]
        if isinstance(error, StalePlan):
            more["rows"] = list(error.rows)
        if isinstance(error, DatabaseInUse):
            more["holders"] = [{"pid": holder.pid, "name": holder.name} for holder in error.holders]
        return cls(_BY_CODE.get(error.code, REFUSED), detail, exit_code=error.exit_code, **more)

    def response(self) -> Response:
        """Return the HTTP response."""
        body = printable_json(json.dumps(self.document, ensure_ascii=False)).encode()
        return Response(body, self.kind.status, self.headers, MEDIA_TYPE)


SCHEMA: dict[str, Any] = {
    "description": "Why a request was refused (RFC 9457). `detail` is the sentence that the command line would print.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "exit"],
    "properties": {
        "type": {"type": "string", "description": "`urn:opencode-migrator:problem:` and the code."},
        "title": {"type": "string", "description": "The kind of refusal in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong, where, and what to do."},
        "code": {
            "description": "The kind of refusal for programs.",
            "enum": sorted(_BY_CODE),
        },
        "exit": {"type": "integer", "description": "The exit code that the command line would end with."},
        "rows": {
            "type": "array",
            "items": {"type": "string"},
            "description": "In a stale plan the sessions that changed, by id, and projects, as `project` and its id.",
        },
        "holders": {
            "type": "array",
            "description": "Which processes have the database open, where the system tells.",
            "items": {
                "type": "object",
                "required": ["pid", "name"],
                "properties": {"pid": {"type": "integer"}, "name": {"type": "string"}},
            },
        },
    },
}
