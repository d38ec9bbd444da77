"""The command line as it was typed, and the commands that go on from what it only showed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from migrator.cli.input.database import database_words, is_reported
from migrator.cli.input.environment import set_options, with_parents
from migrator.text import in_directory, our_command, with_variables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

_END = "--"
"""Behind it are no options."""

_DIRECTORIES = ("to_dir", "directory", "repository")
"""The parameters that mean the current directory, or the project around it, where they are left out."""

_SURROUNDINGS = ("XDG_DATA_HOME", "XDG_STATE_HOME")
"""The variables that say where opencode's snapshots and our journals are."""

DISPLAY_FLAGS = frozenset(
    {
        "dry_run",
        "verbose",
        "as_json",
        "form",
        "html",
        "exit_code",
        "columns",
        "sort",
        "reverse",
        "limit",
        "time",
        "no_pager",
        "color",
    }
)


def command_line() -> str:
    """Return the command line, as the journal keeps it."""
    set_by_variables = any(set_options(with_parents(click.get_current_context())))
    return command_as_typed() if set_by_variables else our_command(*sys.argv[1:])


def command_as_typed(*more: str) -> str:
    """Return the command as it was typed, with what variables have set, and with `more` words."""
    return _command(*_typed(*more, without=(), name=""))


def applying_command(*more: str) -> str:
    """Return the command that applies what this one only showed; `more` are arguments to add to it."""
    yes = [] if click.get_current_context().params.get("yes") else ["--yes"]
    return typed_command(*more, *yes, without=DISPLAY_FLAGS)


def json_command() -> str:
    """Return the command that prints as JSON what this one shows, and writes nothing."""
    kept = {"dry_run", "exit_code", "sort", "reverse", "limit"}
    params = click.get_current_context().params
    dry_run = ["--dry-run"] if params.get("dry_run") is False else []
    return typed_command(*dry_run, "--json", without={*DISPLAY_FLAGS, "yes", "output"} - kept)


def typed_command(*more: str, without: Collection[str], name: str = "") -> str:
    """Return the command as it was typed, but with `more` words, and without some parameters, by their Python names.

    `name` is that of a command which takes the other options too, and replaces this one. What variables have set is in
    the words, or unset in front of them where it is left out.

    In a report it does the same in another directory, and with other variables.
    """
    params = click.get_current_context().params
    if not is_reported(params):
        return _command(*_typed(*more, without=without, name=name))
    from migrator.places.cwd import is_deleted

    unset, words = _typed(*more, *database_words(params), without={*without, "db", "channel"}, name=name)
    kept = {each: os.environ[each] for each in _SURROUNDINGS if os.environ.get(each)}
    command = with_variables(kept | unset, our_command(*words))
    return command if is_deleted() or not _needs_directory(words) else in_directory(os.getcwd(), command)


def _needs_directory(words: Sequence[str]) -> bool:
    """Tell whether anything in a command may be relative to the current directory, or mean it by default."""
    from migrator.paths import is_absolute

    context = click.get_current_context()
    names = {words[0], *(str(each.info_name) for each in with_parents(context))}
    values = [word.partition("=")[2] if word.startswith("-") else word for word in words if word not in names]
    left_out = any(context.params.get(name, "/") in {None, "."} for name in _DIRECTORIES)
    return left_out or any(value and not (is_absolute(value) or value.startswith("~")) for value in values)


def _command(unset: Mapping[str, str], words: Iterable[str]) -> str:
    return with_variables(unset, our_command(*words))


def _typed(*more: str, without: Collection[str], name: str) -> tuple[dict[str, str], list[str]]:
    """Return the variables to unset in front of a command, and its words."""
    contexts = with_parents(click.get_current_context())
    names = [context.info_name for context in contexts[:-1]] if name else []
    kept, rest = [name] if name else [], []
    for parameter, typed in _parameters(sys.argv[1:], contexts):
        if parameter is None and typed[0] == _END:
            rest = typed
        elif parameter is None and typed[0] in names:
            names.remove(typed[0])
        elif parameter is None or parameter.name not in without:
            kept += typed
    unset: dict[str, str] = {}
    for option, variable, words in set_options(contexts):
        if option.name not in without:
            kept += words
        elif not name:
            unset[variable] = ""
    return unset, [*kept, *more, *rest]


def _parameters(
    words: Iterable[str], contexts: Iterable[click.Context]
) -> Iterator[tuple[click.Parameter | None, list[str]]]:
    """Yield each option with the words that give it, its value too; None with what is no option: a word, or the end."""
    named: dict[str, click.Parameter] = {}
    for context in contexts:
        for parameter in context.command.get_params(context):
            named = {**dict.fromkeys([*parameter.opts, *parameter.secondary_opts], parameter), **named}
    waiting = iter(words)
    for word in waiting:
        if word == _END:
            yield None, [word, *waiting]
        elif word.startswith("--"):
            option, equals, _ = word.partition("=")
            value = [] if equals or not _takes_value(named.get(option)) else _next(waiting)
            yield named.get(option), [word, *value]
        elif word.startswith("-") and word != "-":
            yield from _short_options(word, waiting, named)
        else:
            yield None, [word]


def _short_options(
    word: str, waiting: Iterator[str], named: Mapping[str, click.Parameter]
) -> Iterator[tuple[click.Parameter | None, list[str]]]:
    """Yield each option of a word like `-nv`; the last one may have its value in the same word, or in the next one."""
    for index, letter in enumerate(word[1:], start=1):
        parameter = named.get(f"-{letter}")
        if _takes_value(parameter):
            yield parameter, [f"-{word[index:]}", *(_next(waiting) if index == len(word) - 1 else [])]
            return
        yield parameter, [f"-{letter}"]


def _next(words: Iterator[str]) -> list[str]:
    return [word for word in (next(words, None),) if word is not None]


def _takes_value(parameter: click.Parameter | None) -> bool:
    """Tell whether the next word must be the value of an option; `--orphans` may stand alone, as before `--yes`."""
    from migrator.selection.options import may_stand_alone

    return isinstance(parameter, click.Option) and not may_stand_alone(parameter)
