"""`show`: print a saved plan."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.confirm import show_plan
from migrator.cli.options import force_option, html_option, plan_format_options, verbose_option
from migrator.cli.plan_file import read_plan_file
from migrator.text import our_command


@click.command("show")
@click.argument("file", type=click.Path())
@verbose_option
@plan_format_options
@html_option
@force_option
def command(file: str, **values: Any) -> None:
    """Show the plan in FILE."""
    show_plan(read_plan_file(file), values, hint=our_command("apply", file))
