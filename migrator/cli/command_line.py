"""The command line as it was typed, and the command that applies what it only showed."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = "opencode-migrator"


def command_line() -> str:
    """Return the command line, as the journal keeps it."""
    return shlex.join([PROGRAM, *sys.argv[1:]])


def applying_command(*more: str) -> str:
    """Return the command that applies what this one only showed; `more` are arguments to add to it."""
    context = click.get_current_context()
    words, end = _without_display_flags(sys.argv[1:], context)
    yes = [] if context.params.get("yes") else ["--yes"]
    return shlex.join([PROGRAM, *words[:end], *more, *yes, *words[end:]])


_DISPLAY_FLAGS = frozenset({"dry_run", "verbose", "as_json"})


def _without_display_flags(words: Sequence[str], context: click.Context) -> tuple[list[str], int]:
    """Leave out the flags that only say how to print; also return where options end: at `--`, if there is one."""
    chain = [context]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    named = {name: param for ctx in chain for param in ctx.command.get_params(ctx) for name in param.opts}
    kept: list[str] = []
    value_follows = False
    for index, word in enumerate(words):
        if value_follows or not word.startswith("-") or word == "-":
            value_follows = False
        elif word == "--":
            return [*kept, *words[index:]], len(kept)
        elif word.startswith("--"):
            if _is_display_flag(named.get(word)):
                continue
            value_follows = _takes_value(named.get(word))
        else:
            word, value_follows = _short_flags(word, named)  # noqa: PLW2901 - `-nv` may lose a letter
            if word == "-":
                continue
        kept.append(word)
    return kept, len(kept)


def _short_flags(word: str, named: Mapping[str, click.Parameter]) -> tuple[str, bool]:
    """Leave such flags out of a word like `-nv`; return the rest, and whether the next word is a value."""
    kept = "-"
    for index, letter in enumerate(word[1:], start=1):
        if _takes_value(named.get(f"-{letter}")):
            return kept + word[index:], index == len(word) - 1
        if not _is_display_flag(named.get(f"-{letter}")):
            kept += letter
    return kept, False


def _is_display_flag(param: click.Parameter | None) -> bool:
    return param is not None and param.name in _DISPLAY_FLAGS


def _takes_value(param: click.Parameter | None) -> bool:
    """Tell whether the next word must be the value of an option; `--orphans` may stand alone, as before `--yes`."""
    from migrator.selection.options import may_stand_alone

    return isinstance(param, click.Option) and not may_stand_alone(param)
