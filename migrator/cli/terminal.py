"""The terminal: is somebody there, how wide is it, and what is printed to it."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def on_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int | None:
    """Return the width of the terminal; None where output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def drop_output() -> None:
    """Let nothing that is still in Python's buffers reach a stream that can't take it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def echo_lines(lines: Iterable[str], *, err: bool = False, raw: bool = False) -> None:
    """Print lines; `raw` ones are data, whose escape sequences are nobody's colours and stay."""
    for line in lines:
        click.echo(line, err=err, color=True if raw else None)


@contextmanager
def searching() -> Iterator[Callable[[int], None]]:
    """Show how many directories a search has looked at, where somebody is there to see it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(desc="Searching", unit=" directories", leave=False, delay=0.5) as bar:

        def advance(number: int) -> None:
            bar.update(number)

        yield advance
