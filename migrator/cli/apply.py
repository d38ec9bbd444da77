"""`apply`: carry out a saved plan."""

from __future__ import annotations

from typing import Any

import click

from migrator.cli.input.database import note_other_database, only_database, portable_path
from migrator.cli.input.options import FILE_TO_READ, change_options
from migrator.cli.input.plan_file import read_plan_file
from migrator.cli.results.confirm import show_or_apply, to_compare
from migrator.text import our_command


@click.command("apply", short_help="Apply a saved plan.")
@click.argument("file", type=FILE_TO_READ)
@change_options
def command(file: str, **values: Any) -> None:
    """Apply the plan in FILE; refused (exit 5) where a row has changed since it was made."""
    from migrator.operations.apply import apply_plan, compare_plan, find_database
    from migrator.store.writer import check_writable

    plan = read_plan_file(file)
    path = only_database(values) or find_database(plan, file)
    note_other_database(path, values, "the plan is of it")
    check_writable(path)
    whole = our_command("show", portable_path(file, values), "--json")
    shown = compare_plan(plan, path, to_compare(values))
    show_or_apply(shown, values, carry_out=lambda write: apply_plan(plan, path, write), whole=whole)
