"""Options that variables set: OPENCODE_MIGRATOR_MOVE_TO_DIR is `move --to-dir`, OPENCODE_MIGRATOR_DB is --db anywhere.

What is typed comes before any variable, and the variable of a command before that of all commands.
"""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PREFIX = "OPENCODE_MIGRATOR"
_NEVER = frozenset({"--help", "--version"})

_used: dict[str, str] = {}
"""The variable that each option was set by in this process, by what is typed, as --to-dir."""


def let_variables_set_options(context: click.Context, aliases: Mapping[str, str]) -> None:
    """Let variables set the options of a command; `aliases` map other names of commands to their own."""
    command = [aliases.get(str(each.info_name), str(each.info_name)) for each in with_parents(context)[-2:-1]]
    for option in context.command.get_params(context):
        if isinstance(option, click.Option) and not option.hidden and _NEVER.isdisjoint(option.opts):
            names = [name for names in (option.opts, option.secondary_opts) for name in _first_long(names)]
            variables = {"_".join([_PREFIX, *command, name[2:]]).upper().replace("-", "_"): name for name in names}
            vars(option)["resolve_envvar_value"] = partial(_text, option, variables)
            vars(option)["value_from_envvar"] = partial(_value, option)


def with_parents(context: click.Context) -> list[click.Context]:
    """Return a command's context, then that of the group it is in, and so on to the program's."""
    found = [context]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def _first_long(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("--")][:1]


def _text(option: click.Option, variables: Mapping[str, str], context: click.Context) -> str | None:
    """Return the value that a variable has for an option, as text; an empty one counts as unset.

    For flags it is 1 or 0, true or false; that of `--no-announce` is turned round.
    """
    if is_typed(str(option.name), context):
        return None
    for variable, name in variables.items():
        if not (text := os.environ.get(variable)):
            continue
        wanted = click.types.BoolParamType.str_to_bool(text)
        if option.is_flag and wanted is None and not context.resilient_parsing:
            raise click.UsageError(f"{variable} is {text!r}, but {name} is on or off: set it to 1 or 0.", context)
        if option.name == "force" and wanted and not context.resilient_parsing:
            raise click.UsageError(f"{variable}: --force may replace a file for good, so type it.", context)
        if wanted is not None and option.flag_activation_value is not None and not option.is_bool_flag:
            text = str(option.flag_activation_value) if wanted else ""  # as `--json`, and `--orphans` without a rule
        elif name in option.secondary_opts:
            text = str(not wanted)
        if text:
            _used.update(dict.fromkeys([*option.opts, *option.secondary_opts], variable))
            return text
    return None


def _value(option: click.Option, context: click.Context) -> Any:
    text = option.resolve_envvar_value(context)
    if text is None or not option.multiple:
        return text
    return [line for line in text.splitlines() if line]


def note_yes(context: click.Context) -> None:
    """Say that a variable is why nobody is asked."""
    if context.get_parameter_source("yes") is ParameterSource.ENVIRONMENT and context.params.get("yes"):
        from migrator.cli.terminal import note

        note(f"note: {_used['--yes']} is set, so nobody is asked.")


def is_typed(name: str, context: click.Context | None = None) -> bool:
    """Tell whether an option was given in the command line, before or behind the command's name."""
    contexts = with_parents(context or click.get_current_context())
    return any(each.get_parameter_source(name) is ParameterSource.COMMANDLINE for each in contexts)


def with_variables(message: str) -> str:
    """Return an error with the variables that have set the options that it names."""
    named = {
        variable: option
        for option, variable in reversed(_used.items())
        if variable not in message and re.search(rf"(?<![\w-]){option}(?![\w-])", message)
    }
    said = ", ".join(f"{option} is set by {variable}" for variable, option in named.items())
    return f"{message.rstrip('.')}; {said}." if said else message


def set_options(contexts: Iterable[click.Context]) -> Iterator[tuple[click.Option, str, list[str]]]:
    """Yield each option of these that a variable has set, the variable, and the words that would have given it."""
    for context in contexts:
        for option in context.command.get_params(context):
            if context.get_parameter_source(str(option.name)) is not ParameterSource.ENVIRONMENT:
                continue
            text = option.resolve_envvar_value(context)
            if text is None or not isinstance(option, click.Option):
                continue
            name = _first_long(option.opts)[0]
            if option.is_flag:
                off = context.params.get(str(option.name)) is False
                words = [] if off and not option.secondary_opts else [option.secondary_opts[0] if off else name]
            else:
                values = text.splitlines() if option.multiple else [text]
                words = [f"{name}={value}" for value in values if value]
            yield option, _used[name], words
