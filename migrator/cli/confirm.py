"""Show a plan, ask, apply it, say how it went: the same for every command that moves something."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.command_line import applying_command, command_line
from migrator.cli.terminal import drop_output, echo_lines, on_terminal, width
from migrator.errors import MigratorError
from migrator.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.arguments import WriteRequest
    from migrator.execution.journal_rows import RunEntry
    from migrator.model import Plan, Run


def show_plan(
    plan: Plan, values: dict[str, Any], *, hint: str | None = None, outcome: str = "Nothing was written."
) -> None:
    """Print a plan: one JSON document, or text and the command that applies it."""
    if values.get("as_json"):
        from migrator.documents.plan import plan_document
        from migrator.text import json_text

        click.echo(json_text(plan_document(plan), indent=2))
        return
    if not plan.writes:
        _report_unchanged(plan, values)
        return
    _print_plan(plan, values, err=False)
    if hint:
        click.echo(f"\n{outcome} To apply:\n  {hint}")


def show_or_apply(plan: Plan, values: dict[str, Any], verb: str = "Move") -> None:
    """Show `plan` with --dry-run; else show, ask and apply it, on the database that it was made for."""
    if values["dry_run"]:
        show_plan(plan, values, hint=applying_command())
        return
    from migrator.operations.apply import apply_plan

    confirm_and_run(plan, values, partial(apply_plan, plan, Path(plan.store)), verb)


def confirm_and_run(
    plan: Plan,
    values: dict[str, Any],
    carry_out: Callable[[WriteRequest], Run],
    verb: str = "Move",
    applying: Callable[[], str] | None = None,
) -> None:
    """Show `plan`, ask where somebody is there, carry it out and report.

    `verb` is for the question: `Move 3 sessions?`. `applying` returns the command that applies what is shown here,
    unless that is what was typed and --yes.
    """
    quiet = values.get("as_json")
    if not plan.writes:
        _report_unchanged(plan, values)
        return
    if not values["yes"]:
        if not on_terminal():
            show_plan(plan, values)
            raise MigratorError(
                f"Nothing was written, since nobody can be asked here. To apply: {(applying or applying_command)()}"
            )
        _print_plan(plan, values, err=bool(quiet))
        ask(f"{verb} {_amount(plan)}?")
    else:
        try:
            _print_headline(plan, values)
        except BrokenPipeError:  # as in `move --yes | true`: it was ordered, whoever reads of it
            drop_output()
    with _progress(len(plan.changes)) as progress:
        run = carry_out(write_request(values, progress))
    report(run, values)


def _amount(plan: Plan) -> str:
    """Return how much a plan moves: of sessions, unless it is about project rows alone."""
    return count(len(plan.changes), "session") if plan.changes else count(len(plan.updates), "project row")


def ask(question: str) -> None:
    """Go on if the answer is yes; anything else is a refusal, Ctrl-C an interruption."""
    try:
        yes = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # the error goes on a line of its own
        raise
    if not yes:
        raise MigratorError("Nothing was written, as you didn't say yes.")


def check_database(entry: RunEntry, only: Path | None) -> RunEntry:
    """Return a run that was named, unless --db names another database than the run's."""
    if only is not None and entry.store != str(only):
        raise MigratorError(f"Run {entry.id} was made on {entry.store}, not on {only}; leave out --db.")
    return entry


def write_request(values: dict[str, Any], progress: Callable[[int], None] = lambda _: None) -> WriteRequest:
    """Return what `writing_options` say."""
    from migrator.arguments import WriteRequest

    size = values["chunk_size"] and min(values["chunk_size"], 2**31)  # SQLite's integers end somewhere
    return WriteRequest(command_line(), size, values["on_conflict"], values["wait"], values["backup"], progress)


def report(run: Run, values: dict[str, Any]) -> None:
    """Say how a run went."""
    if values.get("as_json"):
        from migrator.documents.run import run_document
        from migrator.text import json_text

        click.echo(json_text(run_document(run), indent=2))
        return
    from migrator.reporting.run_text import run_text

    echo_lines(run_text(run))


def _report_unchanged(plan: Plan, values: dict[str, Any]) -> None:
    from migrator.model import STILL_LOST, Run, RunStatus

    if values.get("as_json"):
        report(Run(None, RunStatus.UNCHANGED, warnings=plan.warnings), values)
        return
    from migrator.reporting.still_lost import still_lost_lines

    right = f"{count(len(plan.unchanged), 'session')} already right" if plan.unchanged else "no session to move"
    click.echo(f"Nothing to do: {right}.")
    echo_lines(still_lost_lines(plan.warnings, width() or 80, verbose=values.get("verbose", False)))
    _echo_warnings(replace(plan, warnings=tuple(w for w in plan.warnings if w.code != STILL_LOST)))


def _print_plan(plan: Plan, values: dict[str, Any], *, err: bool) -> None:
    from migrator.reporting.plan_text import plan_text

    echo_lines(plan_text(plan, width() or 80, verbose=values.get("verbose", False)), err=err)


def _print_headline(plan: Plan, values: dict[str, Any]) -> None:
    """Print what somebody should still see who gave --yes."""
    from migrator.reporting.plan_text import headline

    if values.get("verbose") and not values.get("as_json"):
        _print_plan(plan, values, err=False)
        click.echo()
        return
    if not values.get("as_json"):
        click.echo(headline(plan))
    _echo_warnings(plan)


def _echo_warnings(plan: Plan) -> None:
    from migrator.reporting.plan_text import warning_lines

    echo_lines(warning_lines(plan, shutil.get_terminal_size().columns if sys.stderr.isatty() else None), err=True)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=" sessions", leave=False) as bar:

        def advance(number: int) -> None:
            bar.update(number)

        yield advance
