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

from migrator.text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PREFIX = "OPENCODE_MIGRATOR"
_NEVER = frozenset({"--help", "--version"})

_settable: dict[str, str] = {}
"""By the variable of each name of an option, that of its first name, which sets it; of the command and of all."""

_used: dict[str, str] = {}
"""The variable that each option was set by in this process, by what is typed, as --to-dir."""


def let_variables_set_options(context: click.Context, aliases: Mapping[str, str]) -> None:
    """Let variables set the options of a command; `aliases` map other names of commands to their own."""
    command = [aliases.get(str(each.info_name), str(each.info_name)) for each in with_parents(context)[-2:-1]]
    for option in context.command.get_params(context):
        if isinstance(option, click.Option) and not option.hidden and _NEVER.isdisjoint(option.opts):
            variables: dict[str, str] = {}
            for names in (_long(option.opts), _long(option.secondary_opts)):
                for name in names:
                    _settable[_variable(*command, name[2:])] = _variable(*command, names[0][2:])
                variables |= {_variable(*command, name[2:]): name for name in names[:1]}
            vars(option)["resolve_envvar_value"] = partial(_text, option, variables)
            vars(option)["value_from_envvar"] = partial(_value, option)


def note_unknown_variables(context: click.Context, commands: Iterable[str], aliases: Mapping[str, str]) -> None:
    """Name the variables that look like ours but set no option of this command, and what may be meant.

    Those of other commands (`commands` are the names of all) are looked at when those are used.
    """
    wanted = {name for name, text in os.environ.items() if name.startswith(f"{_PREFIX}_") and text}
    if all(_settable.get(name) == name for name in wanted):
        return
    from migrator.cli.terminal.printing import note
    from migrator.places.programs import SETTING
    from migrator.text import did_you_mean, nearest

    command, *groups = with_parents(context)[:-1]
    for group in groups:  # all kinds of `plan` have the variables of `plan`
        for name, kind in group.command.commands.items():  # type: ignore[attr-defined]  # it is a group
            kind.make_context(name, [], group, resilient_parsing=True)
    mine = str((groups or [command])[-1].info_name)
    others = tuple(_variable(name, "") for name in commands if name != aliases.get(mine, mine))
    for name in sorted(wanted - {SETTING}):
        if _settable.get(name) == name or name.startswith(others):
            continue
        alias = next((each for each in aliases if name.startswith(_variable(each, ""))), None)
        if alias is not None:
            meant = [_variable(aliases[alias], name.removeprefix(_variable(alias, "")))]
        elif name in _settable:
            meant = [_settable[name]]
        else:
            rests = {each.removeprefix(_PREFIX): each for each in _settable.values()}
            meant = [rests[rest] for rest in nearest(name.removeprefix(_PREFIX), rests, 1)]
        note(f"note: {name} sets no option, so it is ignored.{did_you_mean(meant)}")


def _variable(*words: str) -> str:
    return "_".join([_PREFIX, *words]).upper().replace("-", "_")


def with_parents(context: click.Context) -> list[click.Context]:
    """Return a command's context, then that of the group it is in, and so on to the program's."""
    found = [context]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def _long(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("--")]


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
    return [line for line in lines_of(text) if line]


def note_yes(context: click.Context) -> None:
    """Say that a variable is why nobody is asked."""
    if context.get_parameter_source("yes") is ParameterSource.ENVIRONMENT and context.params.get("yes"):
        from migrator.cli.terminal.printing import note

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
            name = _long(option.opts)[0]
            if option.is_flag:
                off = context.params.get(str(option.name)) is False
                words = [] if off and not option.secondary_opts else [option.secondary_opts[0] if off else name]
            else:
                values = lines_of(text) if option.multiple else [text]
                words = [f"{name}={value}" for value in values if value]
            yield option, _used[name], words
