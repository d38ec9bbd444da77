"""`rescue`: bring lost sessions home, where their home is known."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import DISPLAY_FLAGS, applying_command, typed_command
from migrator.cli.input.database import database_words, open_context
from migrator.cli.input.options import (
    SelectingCommand,
    announce_option,
    change_options,
    combine,
    search_options,
    search_request,
    select_request,
    undo_files_option,
    with_forks_option,
)
from migrator.cli.results.confirm import show_or_apply
from migrator.cli.terminal.asking import choose
from migrator.cli.terminal.printing import aloud, on_terminal, say
from migrator.selection.completion import completes
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.model import Plan
    from migrator.planning.rescue import Settle, Tie
    from migrator.reporting.next_steps import Step

options = combine(
    click.option(
        "--rule",
        "rules",
        multiple=True,
        metavar="NAME",
        shell_complete=completes("rule"),
        help="Only what this rule of `orphans` finds.",
    ),
    click.option(
        "--certain/--likely",
        "certain",
        default=True,
        show_default=True,
        help="Take only homes that are certain, or likely ones too.",
    ),
    search_options,
    undo_files_option,
    with_forks_option,
    announce_option,
)


@click.command("rescue", short_help="Bring lost sessions home.", cls=SelectingCommand)
@options
@change_options
def command(**values: Any) -> None:
    """Bring lost sessions home: to where their directory is now, or to the project that it belongs to today.

    All lost sessions are meant, or those among the selected ones. `orphans` shows which are lost, and why. With
    --search DIR, a repository or folder that was moved is also looked for below DIR; a home that is only likely is
    taken only with --likely. Whole trees move. Where several directories may be the home, you are asked on a terminal.
    Sessions that stay lost are listed with the reason and what to do.
    """
    asks = on_terminal() and not (values["yes"] or values["as_json"] or values["dry_run"])
    settled: dict[Tie, str] = {}

    def settle(ties: Mapping[Tie, int]) -> Mapping[Tie, str]:
        settled.update(ask_about_ties(ties))
        return settled

    plan = make_plan(values, settle if asks else None)
    # With --yes nobody would be asked, and what was answered here would stay lost.
    again = partial(typed_command, without=DISPLAY_FLAGS) if settled else applying_command
    show_or_apply(plan, values, "Rescue", next_steps(plan, values), again)


def make_plan(values: dict[str, Any], settle: Settle | None = None) -> Plan:
    """Return the plan for these options, `settle` is that of `Rescue.select`."""
    from migrator.arguments import RescueRequest
    from migrator.operations.rescue import plan_rescue

    request = RescueRequest(
        values["rules"],
        not values["certain"],
        search_request(values),
        values["undo_files"],
        values["announce"],
        select_request(values),
    )
    with open_context(values) as context:
        return plan_rescue(context, request, settle)


@aloud()
def ask_about_ties(ties: Mapping[Tie, int]) -> Mapping[Tie, str]:
    """Ask which directory each folder is now, the one of most sessions first. Raises Abort at Ctrl-C."""
    from migrator.reporting.orphan_text import tie_question
    from migrator.text import tilde

    answers: dict[Tie, str] = {}
    for tie, sessions in sorted(ties.items(), key=lambda item: -item[1]):
        choices = [str(number) for number in range(1, len(tie.rivals) + 1)]
        say(tie_question(tie.folder, sessions), err=True)
        for choice, directory in zip(choices, tie.rivals, strict=True):
            say(f"  {choice}) {tilde(directory)}", err=True)
        say("  s) skip: nothing is done about them", err=True)
        answer = choose([*choices, "s"], default="s")
        if answer in choices:
            answers[tie] = tie.rivals[int(answer) - 1]
        say("", err=True)
    return answers


def next_steps(plan: Plan, values: dict[str, Any]) -> list[Step]:
    """Return what to do about the sessions that stay lost."""
    from migrator.reporting.warning_text import next_steps_of_lost

    if values["as_json"]:
        return []
    likely = typed_command("--likely", without={*DISPLAY_FLAGS, "certain", "yes", "output"}, name="rescue")
    named = database_words(values)
    explain = lambda session: our_command("orphans", "--explain", session, *named)  # noqa: E731 - said once
    return list(next_steps_of_lost(plan.warnings, likely, explain))
