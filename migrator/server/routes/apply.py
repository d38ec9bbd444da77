"""`POST /apply`: apply a plan, like a saved plan of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from migrator.documents.plan import read_plan
from migrator.errors import BadInput
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import object_schema, read_fields
from migrator.server.problems import NO_SUCH_PLAN, Problem
from migrator.server.run_response import RUN_RESPONSES, WRITE_FIELDS, run_response
from migrator.server.state import app_state, json_body, write_work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Plan
    from migrator.server.state import AppState

PLAN_BYTES = 128 << 20
"""Enough for the plan of some 200,000 sessions."""


async def apply(request: Request) -> Response:
    """Carry out a plan."""
    from migrator.operations.apply import apply_plan

    state = app_state(request)
    body = await json_body(request)
    if isinstance(body, dict) and "format" in body:
        body = {"plan": body}
    if not isinstance(body, dict) or "plan" not in body:
        raise BadInput('The body must be a plan, or {"plan": ...} with a plan or the digest of one that was made here.')
    given = body.pop("plan")
    values = read_fields(body, WRITE_FIELDS)
    planned = await run_in_threadpool(_find_plan, state, given)
    path = state.access.path
    work = write_work(state, values, "POST /apply", lambda write: apply_plan(planned, path, write))
    return await run_response(request, state.jobs, work, len(planned.changes))


def _find_plan(state: AppState, given: Any) -> Plan:
    """Return the plan in a body, or the kept plan whose digest is there instead.

    Raises BadInput if it would write to another database than the server's.
    """
    if not isinstance(given, str):
        planned = read_plan(given, "What the body has as `plan`")
        if planned.removable:
            raise BadInput(
                "The plan takes sessions out of another database, to which a server doesn't write; apply it with "
                "`opencode-migrator apply FILE`."
            )
        return planned
    found = state.plans.find(given)
    if found is None:
        raise Problem(
            NO_SUCH_PLAN,
            f"There is no plan {given[:80]} here any more, if there was one; plan again, or send the plan itself.",
        )
    return found


ENDPOINT = Endpoint(
    "post",
    "/apply",
    "apply",
    apply,
    "Apply a plan",
    "All of it or none of it. One run at a time. The run goes on when the client goes away; GET /runs tells how it "
    "ended.",
    ResponseSpec("How it went: run@1, or events.", RUN_RESPONSES),
    refusals=(404, 409, 422, 503),
    body={
        "oneOf": [
            {"$ref": "#/components/schemas/Plan"},
            object_schema(
                WRITE_FIELDS,
                "A plan and how to apply it.",
                plan={
                    "description": "A plan, or the digest of one that this server made.",
                    "oneOf": [{"$ref": "#/components/schemas/Plan"}, {"type": "string", "pattern": "^sha256:"}],
                },
            ),
        ]
    },
    example={"plan": "sha256:" + "0" * 64, "wait": 10},
    max_body_bytes=PLAN_BYTES,
)
