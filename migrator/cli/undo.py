"""`undo`: take a run back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.command_line import applying_command
from migrator.cli.confirm import ask, check_database, confirm_and_run, report, write_request
from migrator.cli.database import only_database
from migrator.cli.options import database_options, json_option, verbose_option, writing_options
from migrator.cli.terminal import on_terminal
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from migrator.execution.journal_rows import RunEntry


@click.command("undo", short_help="Take back a run.")
@click.argument("run", required=False)
@writing_options
@verbose_option
@json_option
@database_options
def command(run: str | None, **values: Any) -> None:
    """Take back RUN (default: the last one). The undo is a run too and can be taken back."""
    from migrator.operations.undo import plan_undo, undo_run

    entry = _entry(run, only_database(values))
    path = Path(entry.store)
    if entry.unfinished:
        _roll_back(entry, path, values)
        return
    confirm_and_run(
        plan_undo(path, entry.id),
        values,
        lambda write: undo_run(path, entry.id, write),
        "Take back",
        # The run is named: what was shown is what is taken back, whatever runs in between.
        lambda: applying_command(*([entry.id] if run is None else [])),
    )


def _entry(run: str | None, only: Path | None) -> RunEntry:
    from migrator.execution.run_log import open_run, run_entries, undone_by
    from migrator.model import RunStatus

    if run is not None:
        with open_run(run) as journal:
            return check_database(journal.entry, only)
    runs = run_entries(str(only) if only else None)
    taken_back = undone_by(runs)
    for entry in reversed(runs):
        if entry.unfinished or (entry.status is RunStatus.APPLIED and not entry.undoes and entry.id not in taken_back):
            return entry
    where = f" of {only}" if only else ""
    raise MigratorError(f"There is no run{where} to take back; `opencode-migrator log` lists the runs so far.")


def _roll_back(entry: RunEntry, path: Any, values: dict[str, Any]) -> None:
    from migrator.operations.undo import undo_run

    if not values["yes"]:
        question = f"Run {entry.id} was cut off. Take back what it wrote"
        if not on_terminal():
            raise MigratorError(f"{question}? Nobody can be asked here; add --yes.")
        ask(f"{question}?")
    report(undo_run(path, entry.id, write_request(values)), values)
