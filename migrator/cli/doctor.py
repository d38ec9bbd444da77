"""`doctor`: check the database and what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import DISPLAY_FLAGS, json_command, typed_command
from migrator.cli.input.database import open_context
from migrator.cli.input.options import (
    SelectingCommand,
    exit_code_option,
    exit_if_asked,
    plan_format_options,
    report_options,
    select_request,
    verbose_option,
)
from migrator.cli.results.next_steps import say_steps, step
from migrator.cli.results.reports import show_report
from migrator.cli.terminal.printing import echo_json, echo_lines, echo_warnings, say, width
from migrator.errors import BadInput
from migrator.reporting.next_steps import Step
from migrator.text import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.operations.doctor import CheckResult
    from migrator.reporting.report.model import Report


def _mark(result: CheckResult) -> str:
    from migrator.reporting.style import styled

    if result.wrong:
        return styled("!!", fg="red")
    if result.notable:
        return styled("--", fg="yellow")
    return styled("..", dim=True) if result.cant_tell else styled("ok", fg="green")


def _lines(result: CheckResult) -> Iterator[str]:
    """Yield the lines that tell of a check; on a terminal they fit, but for its commands, which stay whole."""
    room = width()
    for text in (result.text, *result.more):
        first, *rest = [text] if room is None else wrapped(text, max(room - 3, 1))
        yield f"{_mark(result)} {first}"
        yield from (f"   {line}" for line in rest)


def _report(undo: CheckResult, database: str) -> Report:
    from migrator.reporting.report.undo_effects import undo_effects_report

    return undo_effects_report(undo.value, undo.text, database, [_protecting()], json_command())


def _protecting() -> Step:
    protect = typed_command(without={*DISPLAY_FLAGS, "undo", "force"}, name="protect")
    return Step("To mend these turns, or detach them; nothing moves:", protect)


def _next_steps(results: Sequence[CheckResult], *, undo: CheckResult | None) -> Iterator[Step]:
    """Yield what to do about what was found; what names its commands in its line isn't named again."""
    if undo is None:
        yield step("To see what an undo in opencode would do to files:", "doctor", "--undo")
    elif any(session["undo"] == "deletes" for session in undo.value["sessions"]):
        yield _protecting()
    if any(result.subject == "orphans" and result.notable for result in results):
        yield step("To see what is lost, and where it belongs:", "orphans")


@click.command("doctor", short_help="Check the database and what surrounds it.", cls=SelectingCommand)
@click.option("--undo", is_flag=True, help="Also tell what an undo in opencode would do to files today, turn by turn.")
@click.option("--quick", is_flag=True, help="Leave out the checks that read the whole file, which may be gigabytes.")
@exit_code_option("something is wrong or worth a look: what is marked !! or --")
@verbose_option
@plan_format_options
@report_options
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> None:
    """Check the database and what surrounds it; exit 1 where something is wrong.

    With --undo, sessions in which an undo would delete files, or nobody can tell what it would do, are wrong; the
    selecting options say which to look at.
    """
    from migrator.operations.doctor import check_undo, check_up
    from migrator.operations.select import make_query
    from migrator.reporting.undo_effect_rows import redo_lines, undo_effect_lines

    if not values["undo"] and (values["html"] or values["form"] == "markdown"):
        raise BadInput("A report of doctor is of what an undo in opencode would do: add --undo.")
    with open_context(values) as context:
        select = select_request(values)
        query = make_query(context, select)
        if not values["undo"] and query.selects:
            raise BadInput("Which sessions are meant matters to doctor only with --undo: add it.")
        results = check_up(context, quick=values["quick"])
        undo = check_undo(context, select) if values["undo"] else None
        echo_warnings(query.warnings(context.store))
        database = context.store.path
    results += [undo] if undo else []
    if undo and show_report(lambda: _report(undo, str(database)), database, values):
        pass
    elif values["as_json"]:
        unknown = {result.subject: result.cant_tell for result in results if result.cant_tell}
        echo_json({result.subject: result.value for result in results} | {"cantTell": unknown})
    else:
        for result in results:
            if result.wrong:
                echo_lines(_lines(result))
            else:
                say(*_lines(result))
        if undo:
            echo_lines(redo_lines(undo.value["redo"]))
            echo_lines(undo_effect_lines(undo.value["sessions"], width() or 80, verbose=values["verbose"]))
        say("")
        say_steps(_next_steps(results, undo=undo))
    if any(result.wrong for result in results):
        ctx.exit(1)
    exit_if_asked(values, something=any(result.notable for result in results))
