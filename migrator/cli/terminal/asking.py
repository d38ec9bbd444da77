"""Asking: yes or no, a line of text, or one of several words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from migrator.cli.terminal.printing import aloud, as_prose, progress_line, say
from migrator.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def confirm(question: str) -> bool:
    """Ask for yes or no. Raises Abort at Ctrl-C."""
    return _answer(lambda: click.confirm(printable(question), err=True))


def answer(question: str) -> str:
    """Ask for a line of text, "" if it is empty. Raises Abort at Ctrl-C."""
    *lines, last = as_prose(question)
    with aloud():
        say(*lines, err=True)
    return str(_answer(lambda: click.prompt(last, default="", show_default=False, err=True)))


def choose(choices: Sequence[str], default: str) -> str:
    """Ask for one of `choices`, until it is one. Raises Abort at Ctrl-C."""
    while True:
        said = answer(f"Choose ({', '.join(choices)}) [{default}]").strip() or default
        if said in choices:
            return said
        with aloud():
            say(f"Type {', '.join(choices[:-1])} or {choices[-1]}.", err=True)


def _answer(prompt: Callable[[], T]) -> T:
    try:
        with progress_line.paused():
            return prompt()
    except click.Abort:
        with aloud():
            say("", err=True)  # the error goes on a line of its own
        raise
