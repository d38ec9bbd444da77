"""`plan`: plan what `move` and others would do, and save it for `apply`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.input.command_line import DISPLAY_FLAGS, typed_command
from migrator.cli.input.database import portable_path
from migrator.cli.input.options import (
    combine,
    database_options,
    force_option,
    html_option,
    output_option,
    plan_format_options,
    verbose_option,
)
from migrator.cli.results.confirm import show_plan
from migrator.text import our_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from migrator.model import Plan
    from migrator.output.output_file import OutputFile
    from migrator.reporting.next_steps import Step

PLANNED = ("move", "migrate", "relocate", "rescue", "consolidate", "merge", "protect")
"""The commands whose plans can be saved: each module has its `options` and a `make_plan`."""


class PlanGroup(click.Group):
    """`plan --from-dir ...` is `plan move --from-dir ...`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command first; it may stand behind its options, and without one it is `move`."""
        if not args and ctx.resilient_parsing:  # a shell completes the first word behind `plan`
            return super().parse_args(ctx, args)
        if args and args[0] in ctx.help_option_names:
            return super().parse_args(ctx, args)
        at = next((index for index in range(len(args)) if self._is_command(ctx, args, index)), None)
        words = ["move", *args] if at is None else [args[at], *args[:at], *args[at + 1 :]]
        return super().parse_args(ctx, words)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the options of `move` too."""
        move = self.commands["move"]
        with move.make_context("move", [], parent=ctx, resilient_parsing=True) as inner:
            return [*super().shell_complete(ctx, incomplete), *move.shell_complete(inner, incomplete)]

    def _is_command(self, ctx: click.Context, args: list[str], index: int) -> bool:
        """Tell whether this word is a command and not the value of the option before it."""
        if args[index] not in self.commands or "--" in args[:index]:
            return False
        before = args[index - 1] if index else ""
        return not before.startswith("-") or "=" in before or before in self._flags(ctx)

    def _flags(self, ctx: click.Context) -> set[str]:
        """Return the names of the options of all commands that take no value."""
        parameters = [each for command in self.commands.values() for each in command.get_params(ctx)]
        flags = [each for each in parameters if isinstance(each, click.Option) and each.is_flag]
        return {name for flag in flags for name in [*flag.opts, *flag.secondary_opts]}


@click.group("plan", short_help="Plan a move and save it to a file.", cls=PlanGroup)
def command() -> None:
    """Plan a move and save it: `plan [move|migrate|relocate|...] ... -o FILE`, then `show FILE`, `apply FILE`.

    The options of each are listed by `plan move --help` and so on.
    """


def _add_command(name: str) -> None:
    module = import_module(f"migrator.cli.{name}")
    default = " (the default)" if name == "move" else ""

    @command.command(name, cls=type(module.command), help=f"Plan what `{name}` would do{default}.")
    @combine(module.options, _output_options)
    def _(**values: Any) -> None:
        plan = module.make_plan(values)
        _save_and_show(plan, values, module.next_steps(plan, values) if name == "rescue" else [])


_output_options = combine(
    output_option("--output", "-o", kind="PLAN", help="Save the plan here."),
    html_option,
    force_option,
    verbose_option,
    plan_format_options,
    database_options,
)
for _name in PLANNED:
    _add_command(_name)


def _save_and_show(plan: Plan, values: dict[str, Any], next_steps: Sequence[Step]) -> None:
    output: OutputFile | None = values["output"]
    if output is None:
        save = typed_command("-o", "plan.json", without=DISPLAY_FLAGS)
        show_plan(plan, values, hint=f"{save} && {our_command('apply', 'plan.json')}", next_steps=next_steps)
        return
    if output.is_standard_output:
        show_plan(plan, {**values, "as_json": True})
        return
    source = "-" if output.is_stream else portable_path(str(output), values)
    from migrator.documents.plan import save_plan

    save_plan(plan, output)
    show_plan(
        plan,
        values,
        hint=our_command("apply", source),
        outcome=f"Saved to {output}; nothing was moved.",
        asked=False,
        next_steps=next_steps,
    )
