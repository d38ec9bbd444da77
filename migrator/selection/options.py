"""The values of the selectors' options, where a program gives them instead of a person at a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.text import is_utf_8

if TYPE_CHECKING:
    from collections.abc import Mapping


def may_stand_alone(option: click.Option) -> bool:
    """Tell whether an option needs no value: a flag, or one that has a value of its own, as `--orphans`."""
    return bool(option.is_flag or option.count or option.flag_activation_value is not None)


def read_options(options: Mapping[str, click.Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by their Python names, as click would have read them from a command line.

    `given` has them by the names in `options`, as JSON can hold them: text, lists of text, booleans, null for what
    isn't given. Raises BadInput for a value that the option can't have.
    """
    context = click.Context(click.Command("select"))
    return {
        str(options[name].name): _read(options[name], value, name, context)
        for name, value in given.items()
        if value is not None
    }


def _read(option: click.Option, value: Any, name: str, context: click.Context) -> Any:
    if option.is_flag:
        if not isinstance(value, bool):
            raise BadInput(f"{name} must be true or false.")
        return value
    if isinstance(value, bool):
        if not may_stand_alone(option):
            raise BadInput(f"{name} needs a value, not {str(value).lower()}.")
        value = [option.flag_activation_value] if value else []
    several = value if isinstance(value, list) and option.multiple else [value]
    for text in several:
        if not isinstance(text, str) or not text or "\0" in text:
            raise BadInput(f"{name} must be a string that isn't empty.")
        if not is_utf_8(text):
            raise BadInput(f"{name}: {text!r} is not Unicode text, and opencode stores nothing else.")
    try:
        return option.type_cast_value(context, several if option.multiple else value)
    except click.ClickException as error:
        raise BadInput(error.format_message()) from None
