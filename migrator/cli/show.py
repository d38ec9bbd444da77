"""`show`: print a saved plan, or a run in full."""

from __future__ import annotations

import os
from typing import Any

import click

from migrator.cli.input.database import portable_path
from migrator.cli.input.options import FILE_TO_READ, plan_format_options, report_options, verbose_option
from migrator.cli.input.plan_file import read_plan_file
from migrator.cli.results.confirm import show_plan
from migrator.selection.completion import completes
from migrator.text import our_command


@click.command("show", short_help="Show a saved plan, or a run.")
@click.argument("what", metavar="FILE|RUN", type=FILE_TO_READ, shell_complete=completes("run", "file"))
@verbose_option
@plan_format_options
@report_options
def command(what: str, **values: Any) -> None:
    """Show the plan in FILE, or what RUN has done. RUN is its id, or one end of it; a file of that name wins."""
    if what == "-" or os.path.lexists(what) or _is_path(what):
        show_plan(read_plan_file(what), values, hint=our_command("apply", portable_path(what, values)))
        return
    from migrator.cli.input.database import only_database
    from migrator.cli.log import print_run
    from migrator.errors import NoSuchRun
    from migrator.execution.run_log import open_run

    named = only_database(values)
    try:
        open_run(what, str(named) if named else None).close()
    except NoSuchRun:
        if what.startswith("ses_"):
            raise
        raise NoSuchRun(
            f"There is neither a file nor a run {what or repr(what)}; `opencode-migrator log` lists the runs."
        ) from None
    print_run(what, values, "json" if values["as_json"] else {"text": "table"}.get(values["form"], values["form"]))


def _is_path(name: str) -> bool:
    """Tell whether a name is that of a file, and of no run."""
    return "/" in name or os.path.splitext(name)[1] != ""
