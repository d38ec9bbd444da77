"""The selectors, orphan rules and commands that there are: built in, or from entry points of other distributions.

A group's entry points name classes that are called without arguments (`migrator.selectors`, `migrator.orphan_rules`) or
click commands (`migrator.commands`). What is wrong with one of them costs that one and a warning: it is left out, and
all others work. Their code is called only through `guard.py`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from migrator.errors import BadInput, PluginFailed
from migrator.text import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from importlib.metadata import EntryPoint

    import click

    from migrator.orphans.rule import OrphanRule
    from migrator.selection import SelectorPlugin

T = TypeVar("T")


@cache
def selector_plugins() -> tuple[SelectorPlugin, ...]:
    """Return the built-in selectors, then those of other distributions by name."""
    from migrator_selectors import BUILT_IN

    def guarded(made: Any, who: str) -> SelectorPlugin:
        from migrator.plugins.guard import GuardedSelectorPlugin

        plugin = GuardedSelectorPlugin(made, who, taken)
        taken.update(option_names(plugin.options()))
        return plugin

    entries = entries_of("migrator.selectors")
    taken = {name for plugin in BUILT_IN for name in option_names(plugin.options())} if entries else set()
    return (*BUILT_IN, *_third_party(entries, "selector plugin", guarded))


def option_names(options: Iterable[click.Parameter]) -> set[str]:
    """Return every name of these options: their Python names, and what is typed, as `--from-dir`."""
    return {name for option in options for name in (option.name, *option.opts, *option.secondary_opts) if name}


def usable_options(taken: Iterable[click.Parameter]) -> list[click.Option]:
    """Return the options of all selectors for a command, without those whose name one of its own (`taken`) has."""
    own = option_names(taken)
    found: list[click.Option] = []
    for plugin in selector_plugins():
        options = plugin.options()
        if clash := own & option_names(options):
            from migrator.plugins.guard import leave_out

            leave_out(plugin, f"{plugin} is left out of this command, which has an option {min(clash)} of its own.")
        else:
            found += options
    return found


def selector_options() -> dict[str, click.Option]:
    """Map the Python name of each option of the selectors to the option."""
    return {option.name: option for plugin in selector_plugins() for option in plugin.options() if option.name}


@cache
def orphan_rules() -> tuple[OrphanRule, ...]:
    """Return the built-in orphan rules, then those of other distributions by name."""
    from migrator_selectors.orphans import BUILT_IN

    def guarded(made: Any, who: str) -> OrphanRule:
        from migrator.plugins.guard import GuardedRule

        rule = GuardedRule(made, who, taken)
        taken.add(rule.name)
        return rule

    taken = {rule.name for rule in BUILT_IN}
    return (*BUILT_IN, *_third_party(entries_of("migrator.orphan_rules"), "orphan rule", guarded))


def check_rule_names(names: Iterable[str], option: str) -> None:
    """Raise BadInput, which lists the rules, if there is no orphan rule of one of these names."""
    known = [rule.name for rule in orphan_rules()]
    for name in names:
        if name not in known:
            raise BadInput(
                f"There is no rule {name!r} ({option}).{did_you_mean(nearest(name, known))} "
                f"The rules are {', '.join(known)}."
            )


def commands(built_in: Collection[str] = ()) -> dict[str, EntryPoint]:
    """Return the commands of other distributions by name, none of them loaded yet; see `load_command`.

    Where two have the same name, the first one counts, and neither counts where one of `built_in` has it.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entries_of("migrator.commands"):
        if entry.name in built_in or entry.name in found:
            _warn(f"{_named('command', entry)} is left out: there is another command of this name.")
        else:
            found[entry.name] = entry
    return found


def load_command(entry: EntryPoint) -> click.Command:
    """Return the click command that an entry point names; if it is none, a command that says so when it is run."""
    import click

    from migrator.plugins.guard import LOAD, call

    who = _named("command", entry)
    try:
        command = call(who, LOAD, entry.load)
        if isinstance(command, click.Command):
            return command
        refusal = PluginFailed(who, LOAD, f"{command!r} is not a click command")
    except PluginFailed as error:
        refusal = error

    def refuse(**_: Any) -> None:
        raise refusal

    lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(entry.name, lenient, refuse, short_help="can't be loaded", add_help_option=False)


def _third_party(entries: Iterable[EntryPoint], what: str, guarded: Callable[[Any, str], T]) -> Iterator[T]:
    """Yield one of each class that entry points name, guarded; warn of those that can't be had."""
    for entry in entries:
        from migrator.plugins.guard import LOAD, call

        who = _named(what, entry)
        try:
            yield guarded(call(who, LOAD, call(who, LOAD, entry.load)), who)
        except PluginFailed as error:
            _warn(error)


def _named(what: str, entry: EntryPoint) -> str:
    return f"The {what} {entry.name} ({entry.value})"


def _warn(message: object) -> None:
    from migrator.plugins.guard import warn

    warn(message)


@cache
def entries_of(group: str) -> list[EntryPoint]:
    """Return the entry points of a group by name; nobody installs a distribution while we run."""
    from importlib.metadata import distributions, entry_points

    try:
        found = [*entry_points(group=group)]
    except Exception:  # noqa: BLE001 - one distribution with unreadable entry points must not hide the others
        found = []
        for distribution in distributions():
            try:
                found += distribution.entry_points.select(group=group)
            except Exception as error:  # noqa: BLE001 - as above
                _warn(f"The plug-ins of a package in {distribution.locate_file('')} can't be listed: {error}.")
    return sorted(found, key=lambda entry: (entry.name, entry.value))
