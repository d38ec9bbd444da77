"""`gc`: remove the snapshot repositories that runs left behind and that are no longer needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import applying_command, command_as_typed
from migrator.cli.input.database import open_context
from migrator.cli.input.options import (
    WholeNumber,
    database_options,
    exit_code_option,
    exit_if_asked,
    json_option,
    trust_locks_option,
    wait_option,
    yes_option,
)
from migrator.cli.results.confirm import ask
from migrator.cli.results.next_steps import nothing_to_do, say_steps
from migrator.cli.terminal.printing import echo_json, echo_lines, on_terminal, say
from migrator.errors import MigratorError, NobodyToAsk
from migrator.reporting.next_steps import Step
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.execution.gc import Leftover


@click.command("gc", short_help="Remove snapshots that our runs left behind.")
@click.option(
    "--older-than",
    type=WholeNumber(min=0),
    metavar="DAYS",
    help="Also what only an undo of runs older than this would need: those can't be taken back any more.",
)
@click.option("--dry-run", "-n", is_flag=True, is_eager=True, help="Only show what would be removed.")
@exit_code_option("something would be removed", only_dry=True)
@yes_option
@wait_option
@trust_locks_option
@json_option
@database_options
def command(**values: Any) -> None:
    """Remove the snapshot repositories that runs left behind and that are no longer needed.

    A run that carries file undo leaves the old repository behind, since the run may be taken back; an undo leaves the
    new one. A repository is removed when no session is in it, no undo could bring one back to it (--older-than gives
    that up), opencode wouldn't use it, and the sessions have all their snapshots where they are now.
    """
    from migrator.arguments import WriteRequest
    from migrator.operations.gc import days_ago, list_leftovers, remove_leftovers

    older_than = None if values["older_than"] is None else days_ago(values["older_than"])
    with open_context(values) as context:
        found = list_leftovers(context, older_than)
        path = context.store.path
    going = [leftover for leftover in found if leftover.why_kept is None]
    if going and not values["dry_run"]:
        if not values["yes"]:
            _ask(found, quiet=values["as_json"])
        found = remove_leftovers(path, WriteRequest(wait=values["wait"], trust_locks=values["trust_locks"]), older_than)
    _report(found, values, removed=bool(going) and not values["dry_run"])
    stuck = [leftover for leftover in found if leftover.remedy is not None]
    if stuck:
        what = count(len(stuck), "snapshot repository", "snapshot repositories")
        raise MigratorError(
            f"{what} could not be removed: {stuck[0].why_kept}; {stuck[0].remedy}, then `{command_as_typed()}` again."
        )
    exit_if_asked(values, something=bool(going))


def _report(found: Sequence[Leftover], values: dict[str, Any], *, removed: bool) -> None:
    from migrator.reporting.gc_text import leftover_document, leftover_lines

    if values["as_json"]:
        echo_json(leftover_document(found, removed=not values["dry_run"]))
        return
    if values["yes"] or not removed or any(leftover.remedy for leftover in found):
        lines = leftover_lines(found, removed=removed)
        if values["dry_run"]:
            echo_lines(lines)
        else:
            say(*lines)
    else:
        say("Removed.")
    if values["dry_run"] and any(leftover.why_kept is None for leftover in found):
        say("")
        say_steps([Step("Nothing was removed. To remove:", applying_command())])
    elif not values["dry_run"] or not found:
        say_steps([nothing_to_do("gc")])


def _ask(found: Sequence[Leftover], *, quiet: bool) -> None:
    from migrator.reporting.gc_text import leftover_lines

    say(*leftover_lines(found, removed=False), err=quiet)
    if not on_terminal():
        raise NobodyToAsk("Nothing was removed, since nobody can be asked here.", applying_command(), "To remove:")
    number = sum(leftover.why_kept is None for leftover in found)
    ask(f"Remove {count(number, 'snapshot repository', 'snapshot repositories')}?")
