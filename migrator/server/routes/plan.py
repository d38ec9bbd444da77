"""`POST /plan`: plan what `move`, `rescue` and others would do; `GET /plans/{id}.html`: its report as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.arguments import (
    ConsolidateRequest,
    MergeRequest,
    MoveRequest,
    ProtectRequest,
    RelocateRequest,
    RescueRequest,
)
from migrator.documents.plan import plan_document
from migrator.server import plan_request
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.parameters import read_query
from migrator.server.problems import NO_SUCH_PLAN, Problem
from migrator.server.report_response import report_response
from migrator.server.state import app_state, in_thread, json_body, json_response
from migrator.text import shell_join

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from migrator.arguments import PlanRequest
    from migrator.model import Plan
    from migrator.operations.context import CommandContext


async def plan(request: Request) -> Response:
    """Answer with a plan, and keep it in case it is applied by its digest."""
    state = app_state(request)
    body = await json_body(request)

    def respond() -> Response:
        asked = plan_request.read_request(body)
        with state.access.reading() as context:
            planned = _plan(context, asked)
        document = plan_document(planned)
        state.plans.keep(document["digest"], planned)
        return json_response(document)

    return await in_thread(respond)


def _plan(context: CommandContext, asked: PlanRequest) -> Plan:
    from migrator.operations.consolidate import plan_consolidate
    from migrator.operations.merge import plan_merge
    from migrator.operations.move import plan_move
    from migrator.operations.protect import plan_protect
    from migrator.operations.relocate import plan_relocate
    from migrator.operations.rescue import plan_rescue

    match asked:
        case MoveRequest():
            return plan_move(context, asked)
        case RescueRequest():
            return plan_rescue(context, asked)
        case RelocateRequest():
            return plan_relocate(context, asked)
        case ConsolidateRequest():
            return plan_consolidate(context, asked)[0]
        case MergeRequest():
            return plan_merge(context, asked)
        case ProtectRequest():
            return plan_protect(context, asked)


async def plan_page(request: Request) -> Response:
    """Answer with the page of a plan that is still kept."""
    read_query(request, ())
    state, digest = app_state(request), f"sha256:{request.path_params['id'].removeprefix('sha256:')}"

    def respond() -> Response:
        from dataclasses import replace

        from migrator.reporting.next_steps import Step
        from migrator.reporting.report.model import Note, Tone
        from migrator.reporting.report.plan import plan_report

        planned = state.plans.find(digest)
        if planned is None:
            raise Problem(NO_SUCH_PLAN, f"There is no plan {digest[:80]} here any more, if there was one; plan again.")
        url = str(request.url.replace(path="/apply", query=""))
        words = ["curl", url, "--json", f'{{"plan": "{digest}"}}', "--header"]
        apply = f'{shell_join(words)} "Authorization: Bearer $TOKEN"'
        whole = Note("Note", "The answer to `POST /plan` has every session and every value.", (), Tone.PLAIN)
        where = "where TOKEN is the token that `opencode-migrator serve` printed, and wrote to its token file"
        report = plan_report(planned, [Step(f"To apply this plan, {where}:", apply)] if planned.writes else [])
        return report_response(replace(report, notes=(*report.notes, whole)))

    return await in_thread(respond)


ENDPOINT = Endpoint(
    "post",
    "/plan",
    "plan",
    plan,
    "Plan to move many sessions, to bring lost ones home, or to follow a folder",
    "Nothing is written. The body says which sessions and where they go. Each name is that of a long option of "
    "`opencode-migrator move`, or of the `command` that the body names, in camel case: `toDir` is `--to-dir`. `true` "
    "and `false` are for flags (`false` for `--no-...`), and an option that may be repeated takes an array. `relocate` "
    "takes `folders`, `consolidate` a `repository`, `merge` the `other` database or `fromChannel`. `cwd` and relative "
    "paths mean the directory that the server was started in; `-` for standard input is refused.",
    ResponseSpec(
        "What would change: plan@1. The server keeps it for a while under its `digest`.",
        {"application/json": {"$ref": "#/components/schemas/Plan"}},
    ),
    refusals=(404, 409, 422, 503),
    body=plan_request.schema(),
    example={"fromDir": ["~/src/shop-*"], "toDir": "~/src/shop", "since": "2026-01-01"},
)

PAGE = Endpoint(
    "get",
    "/plans/{id}.html",
    "plan.page",
    plan_page,
    "Look at a plan as a page",
    "The report that `--html` of the command line writes: one page without scripts, which loads nothing else. The "
    "server keeps the last plans that it made.",
    ResponseSpec("The page.", {"text/html": {"type": "string"}}),
    refusals=(404, 503),
    path_parameters={"id": "The digest of the plan, `sha256:` and all or what comes after it."},
)
