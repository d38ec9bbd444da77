"""`show`: print a saved plan, or a run in full."""

from __future__ import annotations

import os
from typing import Any

import click

from migrator.cli.confirm import show_plan
from migrator.cli.options import database_options, force_option, html_option, plan_format_options, verbose_option
from migrator.cli.plan_file import read_plan_file
from migrator.selection.completion import completes
from migrator.text import our_command


@click.command("show", short_help="Show a saved plan, or a run.")
@click.argument("what", metavar="FILE|RUN", type=click.Path(), shell_complete=completes("run", "file"))
@verbose_option
@plan_format_options
@html_option
@force_option
@database_options
def command(what: str, **values: Any) -> None:
    """Show the plan in FILE, or what RUN has done. RUN is its id, or the beginning of it; a file of that name wins."""
    if os.path.lexists(what) or not _is_run(what):
        show_plan(read_plan_file(what), values, hint=our_command("apply", what))
        return
    from migrator.cli.log import print_run

    print_run(what, values, "json" if values["as_json"] else {"text": "table"}.get(values["form"], values["form"]))


def _is_run(name: str) -> bool:
    """Tell whether a name is like the id of a run, or the beginning of one."""
    import re

    return re.fullmatch(r"\d{1,8}|\d{8}-\d{0,6}|\d{8}-\d{6}-[0-9a-f]{0,4}", name) is not None
