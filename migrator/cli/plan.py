"""`plan`: what `move` and its kin would do, saved as a contract for `apply`."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.dealing import show_plan
from migrator.cli.options import (
    SelectingCommand,
    database_options,
    destination_options,
    json_option,
    undo_files_option,
    verbose_option,
    wish,
)
from migrator.cli.retyping import PROGRAM
from migrator.cli.surroundings import workbench
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Plan


def _planning_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = database_options(json_option(verbose_option(function)))
    return click.option(
        "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Save the plan here."
    )(function)


class PlanGroup(click.Group):
    """`plan --from-dir ...` is `plan move --from-dir ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the command that was left out."""
        named = args and args[0] in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if named else ["move", *args])


@click.group("plan", short_help="Plan a move and save it to a file.", cls=PlanGroup)
def command() -> None:
    """Plan a move and save it: `plan [move|migrate|protect] ... -o FILE`, then `show FILE`, `apply FILE`."""


@command.command("move", cls=SelectingCommand)
@destination_options
@_planning_options
def plan_move(**values: Any) -> None:
    """Plan what `move` would do (the default)."""
    with workbench(values) as bench:
        _hand_over(bench.plan(values, wish(values)), values)


@command.command("migrate")
@click.argument("session", metavar="SESSION_ID")
@click.argument("directory", default=".", required=False)
@click.option("--project", metavar="P", help="Insist on this project.")
@undo_files_option
@_planning_options
def plan_migrate(session: str, directory: str, project: str | None, **values: Any) -> None:
    """Plan what `migrate` would do."""
    from migrator.operations import Wish

    with workbench(values) as bench:
        wished = Wish(directory, project, undo_files=values["undo_files"], project_option="--project")
        _hand_over(bench.plan({"from_id": (session,)}, wished), values)


@command.command("protect", cls=SelectingCommand)
@_planning_options
def plan_protect(**values: Any) -> None:
    """Plan what `protect` would do."""
    with workbench(values) as bench:
        _hand_over(bench.plan_protection(values), values)


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
    from migrator.reporting.plan_json import plan_document

    text = json.dumps(plan_document(plan), indent=2, ensure_ascii=False) + "\n"
    target = output.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise MigratorError(f"The plan can't be written to {output}: {error.strerror}.") from error
