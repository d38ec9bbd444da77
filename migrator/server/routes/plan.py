"""`POST /plan`: plan a mass move, or to bring lost sessions home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.documents.plan import plan_document
from migrator.server import plan_request
from migrator.server.endpoint import Endpoint, ResponseSpec
from migrator.server.state import app_state, in_thread, json_body, json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def plan(request: Request) -> Response:
    """Answer with a plan, and keep it in case it is applied by its digest."""
    state = app_state(request)
    body = await json_body(request)

    def respond() -> Response:
        from migrator.arguments import MoveRequest
        from migrator.operations.move import plan_move
        from migrator.operations.rescue import plan_rescue

        asked = plan_request.read_request(body)
        with state.access.reading() as context:
            planned = plan_move(context, asked) if isinstance(asked, MoveRequest) else plan_rescue(context, asked)
        document = plan_document(planned)
        state.plans.keep(document["digest"], planned)
        return json_response(document)

    return await in_thread(respond)


ENDPOINT = Endpoint(
    "post",
    "/plan",
    "plan",
    plan,
    "Plan to move many sessions, or to bring lost ones home",
    "Nothing is written. The body says which sessions and where they go: each name is that of a long option of "
    "`opencode-migrator move` or, with the `command` `rescue`, of `opencode-migrator rescue`. `true` and `false` are "
    "for flags (`false` for `--no-...`), and an option that may be repeated takes an array. `cwd` and relative paths "
    "mean the directory that the server was started in; `-` for standard input is refused.",
    ResponseSpec(
        "What would change: plan@1. The server keeps it for a while under its `digest`.",
        {"application/json": {"$ref": "#/components/schemas/Plan"}},
    ),
    refusals=(404, 409, 422, 503),
    body=plan_request.schema(),
    example={"from-dir": ["~/src/shop-*"], "to-dir": "~/src/shop", "since": "2026-01-01"},
)
