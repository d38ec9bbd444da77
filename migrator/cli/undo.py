"""`undo`: take a run back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.dealing import deal, options, report
from migrator.cli.options import json_option, verbose_option, writing_options
from migrator.cli.surroundings import on_terminal
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from migrator.execution.journal import Entry


@click.command("undo", short_help="Take back a run.")
@click.argument("run", required=False)
@writing_options
@verbose_option
@json_option
def command(run: str | None, **values: Any) -> None:
    """Take back RUN (default: the last one). The undo is a run too and can be taken back."""
    from pathlib import Path

    from migrator.operations import plan_undo, undo_run

    entry = _entry(run)
    path = Path(entry.store)
    if entry.unfinished:
        _roll_back(entry, path, values)
        return
    deal(
        plan_undo(path, entry.id),
        values,
        lambda options: undo_run(path, entry.id, options, values["wait"], values["backup"]),
        "Take back",
    )


def _entry(run: str | None) -> Entry:
    from migrator.execution.journal import entries, open_run, undone
    from migrator.model import RunStatus

    if run is not None:
        with open_run(run) as journal:
            return journal.entry
    runs = entries()
    taken_back = undone(runs)
    for entry in reversed(runs):
        if entry.unfinished or (entry.status is RunStatus.APPLIED and not entry.undoes and entry.id not in taken_back):
            return entry
    raise MigratorError("There is no run to take back; `opencode-migrator log` lists the runs so far.")


def _roll_back(entry: Entry, path: Any, values: dict[str, Any]) -> None:
    from migrator.operations import undo_run

    if not values["yes"]:
        question = f"Run {entry.id} was cut off. Take back what it wrote"
        if not on_terminal():
            raise MigratorError(f"{question}? Nobody can be asked here; add --yes.")
        click.confirm(f"{question}?", abort=True, err=True)
    report(undo_run(path, entry.id, options(values), values["wait"], values["backup"]), values)
