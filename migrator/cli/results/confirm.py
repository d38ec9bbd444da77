"""Show a plan, ask, apply it, report the run, as every command does that moves something."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import applying_command, command_line
from migrator.cli.input.options import exit_if_asked
from migrator.cli.results.next_steps import nothing_to_do, say_steps
from migrator.cli.results.reports import plan_report, show_report
from migrator.cli.terminal.asking import confirm
from migrator.cli.terminal.printing import (
    aloud,
    drop_output,
    echo_json,
    echo_lines,
    echo_warnings,
    height,
    on_terminal,
    paged,
    say,
    width,
)
from migrator.errors import BadInput, Declined, NobodyToAsk
from migrator.reporting.next_steps import Step
from migrator.text import agree, count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.arguments import WriteRequest
    from migrator.choices import OnConflict
    from migrator.model import Plan, Run


def show_plan(  # noqa: PLR0913 - what differs between the commands that show one
    plan: Plan,
    values: dict[str, Any],
    *,
    hint: str | None = None,
    outcome: str = "Nothing was written.",
    next_steps: Sequence[Step] = (),
    asked: bool = True,
    whole: str | None = None,
) -> None:
    """Print a plan: one JSON document, or text, `next_steps`, and the command that applies it.

    With --html it is written to a file too. `whole` is the command that prints all of it as JSON, if this one doesn't.
    """
    if show_report(partial(plan_report, plan, hint, next_steps, whole), plan.store, values):
        return
    if values.get("as_json"):
        from migrator.documents.plan import plan_document

        echo_json(plan_document(plan))
        return
    with paged():
        if not plan.writes:
            _report_unchanged(plan, values, next_steps)
            return
        _print_plan(plan, values, next_steps, asked=asked)
        if hint and not plan.is_blocked:
            say("")
            say_steps([Step(f"{outcome} To apply:", hint)])


def show_or_apply(  # noqa: PLR0913 - what differs between the commands that write
    plan: Plan,
    values: dict[str, Any],
    verb: str = "Move",
    next_steps: Sequence[Step] = (),
    command: Callable[[], str] = applying_command,
    *,
    carry_out: Callable[[WriteRequest], Run] | None = None,
    whole: str | None = None,
) -> None:
    """Show `plan` with --dry-run; else show it, ask unless --yes was given, carry it out and report the run.

    `verb` is for the question: `Move 3 sessions?`. `next_steps` are what else can be done, besides applying it.
    `command` returns the command that applies what is shown: by default the one that was typed, with --yes. Without
    `carry_out` the plan is new: it is applied to the database that it was made for, and may be saved instead. `whole`
    is that of `show_plan`.
    """
    if plan.writes and carry_out is None and (values["dry_run"] or not values["yes"]):
        from migrator.operations.apply import warned_of_cut_off

        plan = warned_of_cut_off(plan)
    if values["dry_run"]:
        show_plan(plan, values, hint=command(), next_steps=next_steps, whole=whole)
        exit_if_asked(values, something=plan.writes)
        return
    if values["form"] == "markdown":
        raise BadInput("--format markdown is for a plan that is only shown: add --dry-run.")
    show_report(partial(plan_report, plan, command(), next_steps, whole), plan.store, values)
    values = values | {"html": None}
    if not plan.writes:
        _report_unchanged(plan, values, next_steps)
    elif _is_agreed(plan, values, verb, next_steps, command, can_save=carry_out is None and not plan.runs_program):
        if carry_out is None:
            from migrator.operations.apply import apply_plan

            carry_out = partial(apply_plan, plan, Path(plan.store))
        report(carry_out(write_request(values)), values, plan)


def _is_agreed(  # noqa: PLR0913 - as of `show_or_apply`
    plan: Plan,
    values: dict[str, Any],
    verb: str,
    next_steps: Sequence[Step],
    command: Callable[[], str],
    *,
    can_save: bool,
) -> bool:
    """Show a plan and ask, unless --yes was given; False if it was saved instead. Raises Declined, NobodyToAsk."""
    if values["yes"]:
        try:
            _print_headline(plan, values, next_steps)
        except BrokenPipeError:  # as in `move --yes | true`: --yes holds, also when nobody reads the output
            drop_output()
        return True
    if not on_terminal():
        show_plan(plan, values, next_steps=next_steps, asked=False)
        raise NobodyToAsk("Nothing was written, since nobody can be asked here.", command())
    from migrator.cli.results.question import ask_about, warn_if_open
    from migrator.operations.apply import refuse_if_cut_off
    from migrator.store.writer import check_locks

    check_locks(Path(plan.store), trusted=values["trust_locks"])
    refuse_if_cut_off(Path(plan.store))
    with aloud():
        warn_if_open(Path(plan.store), values)
        with paged():
            lines = _print_plan(plan, values, next_steps, err=bool(values.get("as_json")))
        if lines >= height():  # what was said above it is out of sight
            warn_if_open(Path(plan.store), values)
    try:
        return ask_about(plan, verb, values, can_save=can_save)
    except Declined:
        raise Declined(command()) from None


def ask(question: str) -> None:
    """Ask a question. Raises Declined unless the answer is yes, Abort at Ctrl-C."""
    if not confirm(question):
        raise Declined


def ask_unless_yes(question: str, values: dict[str, Any], command: str, warning: str | None = None) -> None:
    """Print a warning, and ask a question unless --yes was given. Raises NobodyToAsk, with `command`."""
    if warning:
        from migrator.reporting.style import styled

        with nullcontext() if values["yes"] else aloud():
            say(styled("warning: ", fg="yellow") + warning, err=True)
    if values["yes"]:
        return
    if not on_terminal():
        raise NobodyToAsk(f"{question} Nobody can be asked here.", command, "To say yes:")
    ask(question)


def to_compare(values: dict[str, Any]) -> OnConflict | None:
    """Return how a plan that was made before is compared before it is shown; None if the run alone compares it."""
    return None if values["yes"] and not values["dry_run"] else values["on_conflict"]


def write_request(values: dict[str, Any]) -> WriteRequest:
    """Return the values of `writing_options`."""
    from migrator.arguments import WriteRequest

    size = values["chunk_size"] and min(values["chunk_size"], 2**31)  # SQLite's integers end somewhere
    return WriteRequest(
        command_line(),
        size,
        values["on_conflict"],
        values["wait"],
        values["backup"],
        trust_locks=values["trust_locks"],
    )


def report(run: Run, values: dict[str, Any], plan: Plan | None = None) -> None:
    """Print how a run went, which has carried out `plan`; exit if part of what was asked for was not done."""
    if values.get("as_json"):
        from migrator.documents.run import run_document

        echo_json(run_document(run))
    else:
        from migrator.reporting.run_text import run_text

        say(*run_text(run, plan, width()))
    if run.exit_code:
        click.get_current_context().exit(run.exit_code)


def _report_unchanged(plan: Plan, values: dict[str, Any], next_steps: Sequence[Step]) -> None:
    from migrator.model import NONE_LOST, STILL_LOST, Run, RunStatus

    if values.get("as_json"):
        report(Run(None, RunStatus.UNCHANGED, warnings=plan.warnings), values)
        return
    from migrator.reporting.plan_text import nothing_words
    from migrator.reporting.warning_text import still_lost_lines

    command = str(click.get_current_context().info_name)
    if lost := sum(warning.code == STILL_LOST for warning in plan.warnings):
        still = f"{count(lost, 'session')} {agree(lost, 'is')} still lost"
        say(f"Nothing can be moved home by itself; {still}:")
        say(*still_lost_lines(plan.warnings, width() or 80, verbose=values.get("verbose", False)), "")
    else:
        none_lost = [warning.message for warning in plan.warnings if warning.code == NONE_LOST]
        say(f"Nothing to do: {', '.join(none_lost) or nothing_words(plan)}.")
    say_steps(next_steps or [nothing_to_do(command)])
    echo_warnings(warning for warning in plan.warnings if warning.code not in {NONE_LOST, STILL_LOST})


def _print_plan(
    plan: Plan, values: dict[str, Any], next_steps: Sequence[Step], *, err: bool = False, asked: bool = False
) -> int:
    """Print a plan, and return of how many lines; it is `asked` for where the command does nothing else."""
    from migrator.reporting.plan_text import plan_text

    lines = [*plan_text(plan, width() or 80, verbose=values.get("verbose", False))]
    if asked:
        echo_lines(lines, err=err)
    else:
        say(*lines, err=err)
    if next_steps:
        say("", err=err)
    say_steps(next_steps, err=err)
    return len(lines) + 2 * len(next_steps) + bool(next_steps)


def _print_headline(plan: Plan, values: dict[str, Any], next_steps: Sequence[Step]) -> None:
    """Print what must be seen even with --yes."""
    from migrator.reporting.plan_text import headline

    if values.get("verbose") and not values.get("as_json"):
        _print_plan(plan, values, next_steps)
        say("")
        return
    if not values.get("as_json"):
        say(headline(plan))
    echo_warnings(plan.warnings)
    if not values.get("as_json"):
        say_steps(next_steps, err=True)
