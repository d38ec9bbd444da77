"""`rescue`: bring lost sessions home, as far as it is known where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.confirm import show_or_apply
from migrator.cli.options import (
    database_options,
    json_option,
    rescue_options,
    rescue_wish,
    verbose_option,
    writing_options,
)
from migrator.cli.terminal import searching, workbench

if TYPE_CHECKING:
    from migrator.model import Plan


@click.command("rescue", short_help="Bring lost sessions home.")
@rescue_options
@click.option("--dry-run", "-n", is_flag=True, help="Only show what would change.")
@writing_options
@verbose_option
@json_option
@database_options
def command(**values: Any) -> None:
    """Bring lost sessions home: to where their directory is now, or to the project that it belongs to today.

    `orphans` shows which sessions are lost, and why. With --search DIR, a repository or folder that was moved is also
    looked for below DIR; what is found by its looks is taken only with --likely. Whole trees move, and what stays lost
    is listed with the reason.
    """
    plan = planned(values)
    show_or_apply(plan, values, "Rescue")


def planned(values: dict[str, Any]) -> Plan:
    """Plan a rescue, showing how far a search is."""
    with workbench(values) as context, searching() as tick:
        return context.rescue(rescue_wish(values), tick)
