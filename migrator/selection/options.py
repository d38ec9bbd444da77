"""The values of the selectors' options, where a program gives them instead of a person at a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from migrator.errors import BadInput
from migrator.selection.query import selector_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping


def selector_options() -> dict[str, click.Option]:
    """Map the Python name of each option of the selectors, those of plug-ins too, to the option."""
    return {option.name: option for plugin in selector_plugins() for option in plugin.options() if option.name}


def takes_no_value(option: click.Option) -> bool:
    """Tell whether an option may stand alone: a flag, or one with a value of its own for that, as `--orphans`."""
    return bool(option.is_flag or option.flag_activation_value is not None)


def read_options(given: Mapping[str, Any], *, spell: Mapping[str, str]) -> dict[str, Any]:
    """Return the values as click would have read them from a command line.

    `given` maps Python names to what JSON can hold: text, lists of text, booleans, null for what isn't given. `spell`
    maps each to its name in messages. Raises BadInput for a value that the option can't have.
    """
    options = selector_options()
    context = click.Context(click.Command("select"))
    return {
        name: _read(options[name], value, spell[name], context) for name, value in given.items() if value is not None
    }


def _read(option: click.Option, value: Any, name: str, context: click.Context) -> Any:
    if option.is_flag:
        if not isinstance(value, bool):
            raise BadInput(f"{name} must be true or false.")
        return value
    if isinstance(value, bool):
        if not takes_no_value(option):
            raise BadInput(f"{name} needs a value, not {str(value).lower()}.")
        value = [option.flag_activation_value] if value else []
    several = value if isinstance(value, list) and option.multiple else [value]
    for text in several:
        if not isinstance(text, str) or not text or "\0" in text:
            raise BadInput(f"{name} must be a string that isn't empty.")
        if text == "-":
            raise BadInput(f"{name} must not be -, which is standard input; send the values themselves.")
    try:
        return option.type_cast_value(context, several if option.multiple else value)
    except click.ClickException as error:
        raise BadInput(error.format_message()) from None
