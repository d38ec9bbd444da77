"""Which sessions, and where to, as JSON: every name is a long option of `move`, those of third parties' selectors too.

The JSON is written out as the words that one would type, and click reads those: so nothing is understood in two ways.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.options import SelectingCommand, destination_options, wish
from migrator.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.model import Plan
    from migrator.operations.context import CommandContext


@cache
def _command() -> click.Command:
    @click.command("plan", cls=SelectingCommand, add_help_option=False)
    @destination_options
    def command(**_: Any) -> None: ...

    return command


@cache
def _options() -> dict[str, click.Option]:
    """Map the name of each option, without its dashes, to it; of several names, the first long one."""
    command = _command()
    params = command.get_params(click.Context(command))
    found = [param for param in params if isinstance(param, click.Option)]
    return {_name(option): option for option in found}


def _name(option: click.Option) -> str:
    return next(name for name in option.opts if name.startswith("--"))[2:]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the body."""
    return {
        "type": "object",
        "description": "Which sessions (`from-...`, `orphans`, and filters that narrow), and where they go.",
        "properties": {name: _schema(option) for name, option in _options().items()},
        "additionalProperties": False,
    }


def _schema(option: click.Option) -> dict[str, Any]:
    described = {"description": option.help or ""}
    if option.is_flag:
        return {"type": "boolean", **described}
    if isinstance(option.type, click.Choice):
        return {"enum": list(option.type.choices), **described}
    text = {"type": "string", "minLength": 1}
    if not option.multiple:
        return {**text, **described}
    several = [{"type": "array", "items": text}, text]
    return {"anyOf": [*several, {"type": "boolean"}] if _has_flag_value(option) else several, **described}


def _has_flag_value(option: click.Option) -> bool:
    """Tell whether it may stand without a value, as `--orphans` may."""
    return option._flag_needs_value  # noqa: SLF001 - click's parser asks it the same, there is no other way


def values(body: Any) -> dict[str, Any]:
    """Return the values of the options that a body gives; BadInput where it can't be meant."""
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    words = [word for name, value in body.items() for word in _words(name, value)]
    try:
        return _command().make_context("POST /plan", words).params
    except click.ClickException as error:
        raise BadInput(error.format_message()) from None


def _words(name: str, value: Any) -> Iterator[str]:
    """Yield what one would type; null is as if nothing was said."""
    option = _options().get(name)
    if option is None:
        raise BadInput(f"There is no option {name[:40]!r}; known: {', '.join(_options())}.")
    if value is None:
        return
    if isinstance(value, bool):
        yield from _flag(name, option, value)
    elif option.is_flag:
        raise BadInput(f"{name} must be true or false.")
    elif isinstance(value, list) and option.multiple:
        for item in value:
            yield _word(name, item)
    else:
        yield _word(name, value)


def _flag(name: str, option: click.Option, value: bool) -> Iterator[str]:
    if not option.is_flag and not _has_flag_value(option):
        raise BadInput(f"{name} needs a value, not {str(value).lower()}.")
    if value:
        yield f"--{name}"
    else:
        yield from option.secondary_opts[:1]


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise BadInput(f"{name} must be a string that isn't empty.")
    if value == "-":
        raise BadInput(f"{name} must not be -, which is standard input; send the values themselves.")
    return f"--{name}={value}"


def plan(context: CommandContext, said: Mapping[str, Any]) -> Plan:
    """Plan what was asked for; raises the errors of selecting and planning."""
    return context.plan(said, wish({**said}))
