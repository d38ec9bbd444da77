"""`plan`: what `move` and its kin would do, saved as a contract for `apply`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.command_line import PROGRAM
from migrator.cli.confirm import show_plan
from migrator.cli.options import (
    SelectingCommand,
    announce_option,
    consolidating_options,
    database_options,
    destination_options,
    json_option,
    rescue_options,
    undo_files_option,
    verbose_option,
    wish,
    with_forks_option,
)
from migrator.cli.relocate import folder_options, moving
from migrator.cli.terminal import workbench
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Plan


def _planning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = database_options(json_option(verbose_option(function)))
    return click.option(
        "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the plan here."
    )(function)


_FLAGS = frozenset({"--json", "--verbose", "-v", "--exact", "--archived", "--no-archived"})


class PlanGroup(click.Group):
    """`plan --from-dir ...` is `plan move --from-dir ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command first, be it left out or behind its options."""
        if args and args[0] in ctx.help_option_names:
            return super().parse_args(ctx, args)
        at = next((index for index in range(len(args)) if self._is_command(args, index)), None)
        words = ["move", *args] if at is None else [args[at], *args[:at], *args[at + 1 :]]
        return super().parse_args(ctx, words)

    def _is_command(self, args: list[str], index: int) -> bool:
        """Tell whether this word names a command and isn't the value of the option before it."""
        if args[index] not in self.commands or "--" in args[:index]:
            return False
        before = args[index - 1] if index else ""
        return not before.startswith("-") or before in _FLAGS or "=" in before


@click.group("plan", short_help="Plan a move and save it to a file.", cls=PlanGroup)
def command() -> None:
    """Plan a move and save it: `plan [move|migrate|relocate|...] ... -o FILE`, then `show FILE`, `apply FILE`.

    The options of each are listed by `plan move --help` and so on.
    """


@command.command("move", cls=SelectingCommand)
@destination_options
@_planning_options
def plan_move(**values: Any) -> None:
    """Plan what `move` would do (the default)."""
    with workbench(values) as context:
        _hand_over(context.plan(values, wish(values)), values)


@command.command("migrate")
@click.argument("session", metavar="SESSION_ID")
@click.argument("directory", default=".", required=False)
@click.option("--project", metavar="P", help="Insist on this project.")
@undo_files_option
@with_forks_option
@announce_option
@_planning_options
def plan_migrate(session: str, directory: str, project: str | None, **values: Any) -> None:
    """Plan what `migrate` would do."""
    from migrator.cli.migrate import planned

    _hand_over(planned(session, directory, project, values), values)


@command.command("relocate")
@folder_options
@_planning_options
def plan_relocate(**values: Any) -> None:
    """Plan what `relocate` would do."""
    with workbench(values) as context:
        _hand_over(context.relocate(moving(values)), values)


@command.command("rescue")
@rescue_options
@_planning_options
def plan_rescue(**values: Any) -> None:
    """Plan what `rescue` would do."""
    from migrator.cli.rescue import planned

    _hand_over(planned(values), values)


@command.command("consolidate")
@consolidating_options
@_planning_options
def plan_consolidate(**values: Any) -> None:
    """Plan what `consolidate` would do."""
    from migrator.operations.consolidate import plan_consolidation

    with workbench(values) as context:
        plan, _ = plan_consolidation(context, values["repository"], values)
    _hand_over(plan, values)


@command.command("protect", cls=SelectingCommand)
@undo_files_option
@_planning_options
def plan_protect(**values: Any) -> None:
    """Plan what `protect` would do."""
    with workbench(values) as context:
        _hand_over(context.plan_protection(values), values)


def _hand_over(plan: Plan, values: dict[str, Any]) -> None:
    output: Path | None = values["output"]
    if output is None:
        show_plan(plan, values, hint="give -o FILE, then `opencode-migrator apply FILE`")
        return
    if str(output) == "-":
        show_plan(plan, {**values, "as_json": True})
        return
    _save(plan, output)
    show_plan(
        plan, values, hint=shlex.join([PROGRAM, "apply", str(output)]), said=f"Saved to {output}; nothing was moved."
    )


def _save(plan: Plan, output: Path) -> None:
    """Write a file whole or not at all; what is no ordinary file (/dev/stdout, a pipe) is never replaced by one."""
    from migrator.documents.plan import plan_document
    from migrator.reporting.words import json_text

    text = json_text(plan_document(plan), indent=2) + "\n"
    partial = None
    try:
        target = output.resolve()
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        if partial is not None:
            partial.unlink(missing_ok=True)
        raise MigratorError(f"The plan can't be written to {output}: {error.strerror}.") from error
