"""The selectors, orphan rules and commands that there are: built in, or from entry points of other distributions.

A group's entry points name classes that are called without arguments (`migrator.selectors`, `migrator.orphan_rules`) or
click commands (`migrator.commands`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from migrator.errors import BadInput, MigratorError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint

    import click

    from migrator.orphans.rule import OrphanRule
    from migrator.selection import SelectorPlugin


def selector_plugins() -> list[SelectorPlugin]:
    """Return the built-in selectors, then those of other distributions by name."""
    from migrator_selectors import BUILT_IN

    return [*BUILT_IN, *_third_party("migrator.selectors", "selector plugin")]


def selector_options() -> dict[str, click.Option]:
    """Map the Python name of each option of the selectors to the option."""
    return {option.name: option for plugin in selector_plugins() for option in plugin.options() if option.name}


def orphan_rules() -> list[OrphanRule]:
    """Return the built-in orphan rules, then those of other distributions by name."""
    from migrator_selectors.orphans import BUILT_IN

    return [*BUILT_IN, *_third_party("migrator.orphan_rules", "orphan rule")]


def check_rule_names(names: Iterable[str], option: str) -> None:
    """Raise BadInput, which lists the rules, if there is no orphan rule of one of these names."""
    known = [rule.name for rule in orphan_rules()]
    for name in names:
        if name not in known:
            raise BadInput(f"{option} {name}: there is no such rule; give one of {', '.join(known)}")


def commands() -> dict[str, EntryPoint]:
    """Return the commands of other distributions by name, none of them loaded yet; see `load_command`."""
    return {entry.name: entry for entry in _entries("migrator.commands")}


def load_command(entry: EntryPoint) -> click.Command:
    """Return the click command that an entry point names; if it is none, a command that says so when it is run."""
    import click

    try:
        command = entry.load()
        if isinstance(command, click.Command):
            return command
        refusal = _cant_be_loaded("command", entry, f"{command!r} is no click command")
    except Exception as error:  # noqa: BLE001 - whatever a package of others raises, the other commands must work
        refusal = _cant_be_loaded("command", entry, error)

    def refuse(**_: Any) -> None:
        raise refusal

    lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(entry.name, lenient, refuse, short_help="can't be loaded", add_help_option=False)


def _third_party(group: str, what: str) -> list[Any]:
    """Make one of each class in an entry-point group; `what` they are is for the error."""
    made = []
    for entry in _entries(group):
        try:
            made.append(entry.load()())
        except Exception as error:
            raise _cant_be_loaded(what, entry, error) from error
    return made


def _cant_be_loaded(what: str, entry: EntryPoint, why: Exception | str) -> MigratorError:
    return MigratorError(
        f"The {what} {entry.name} ({entry.value}) can't be loaded: {why}; "
        "repair or uninstall the package that brings it.",
    )


@cache
def _entries(group: str) -> list[EntryPoint]:
    """Return the entry points of a group by name; nobody installs a distribution while we run."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group), key=lambda entry: entry.name)
