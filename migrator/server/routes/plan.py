"""`/plan` and `/apply`: a mass move in two steps, like a saved plan of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from migrator.documents.plan import plan_document, read_plan
from migrator.errors import BadInput
from migrator.server import plan_request
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import object_schema, read_fields
from migrator.server.problems import NO_SUCH_PLAN, Problem
from migrator.server.run_response import RUN_RESPONSES, WRITE_FIELDS, run_response
from migrator.server.state import app_state, in_thread, json_body, json_response, write_work

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.model import Plan
    from migrator.server.state import AppState

PLAN_BYTES = 128 << 20
"""Enough for the plan of some 200,000 sessions."""


async def plan(request: Request) -> Response:
    """Answer with a plan, and keep it in case it is applied by its digest."""
    state = app_state(request)
    body = await json_body(request)

    def respond() -> Response:
        from migrator.operations.move import plan_move

        move = plan_request.read_request(body)
        with state.access.reading() as context:
            planned = plan_move(context, move)
        document = plan_document(planned)
        state.plans.keep(document["digest"], planned)
        return json_response(document)

    return await in_thread(respond)


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
    """Return the plan in a body, or the kept plan whose digest is there instead."""
    if not isinstance(given, str):
        return read_plan(given, "`plan` in the body")
    found = state.plans.find(given)
    if found is None:
        raise Problem(
            NO_SUCH_PLAN,
            f"There is no plan {given[:80]} here any more, if there was one; plan again, or send the plan itself.",
        )
    return found


ENDPOINTS = (
    Endpoint(
        "post",
        "/plan",
        "plan",
        plan,
        "Plan to move many sessions",
        "Nothing is written. The body says which sessions and where they go: each name is that of a long option of "
        "`opencode-migrator move`, `true` and `false` are for flags (`false` for `--no-...`), and an option that may "
        "be repeated takes an array. `cwd` and relative paths mean the directory that the server was started in; "
        "`-` for standard input is refused.",
        ResponseSpec(
            "What would change: plan@1. The server keeps it for a while under its `digest`.",
            {"application/json": {"$ref": "#/components/schemas/Plan"}},
        ),
        refusals=(404, 409, 422, 503),
        body=plan_request.schema(),
        example={"from-dir": ["~/src/shop-*"], "to-dir": "~/src/shop", "since": "2026-01-01"},
    ),
    Endpoint(
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
    ),
)
