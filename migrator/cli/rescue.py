"""`rescue`: bring lost sessions home, where their home is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.database import open_context
from migrator.cli.options import (
    announce_option,
    change_options,
    combine,
    search_options,
    search_request,
    undo_files_option,
)
from migrator.cli.terminal import search_bar

if TYPE_CHECKING:
    from migrator.model import Plan

options = combine(
    click.option("--rule", "rules", multiple=True, metavar="NAME", help="Only what this rule of `orphans` finds."),
    click.option(
        "--certain/--likely",
        "certain",
        default=True,
        show_default=True,
        help="Take only homes that are certain, or those that a search found too.",
    ),
    search_options,
    undo_files_option,
    announce_option,
)


@click.command("rescue", short_help="Bring lost sessions home.")
@options
@change_options
def command(**values: Any) -> None:
    """Bring lost sessions home: to where their directory is now, or to the project that it belongs to today.

    `orphans` shows which sessions are lost, and why. With --search DIR, a repository or folder that was moved is also
    looked for below DIR; what merely looks like it is taken only with --likely. Whole trees move. Sessions that stay
    lost are listed with the reason.
    """
    show_or_apply(make_plan(values), values, "Rescue")


def make_plan(values: dict[str, Any]) -> Plan:
    """Return the plan for these options, and show how far a search is."""
    from migrator.arguments import RescueRequest
    from migrator.operations.rescue import plan_rescue

    request = RescueRequest(
        values["rules"], not values["certain"], search_request(values), values["undo_files"], values["announce"]
    )
    with open_context(values) as context, search_bar() as tick:
        return plan_rescue(context, request, tick)
