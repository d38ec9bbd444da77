"""The terminal: whether there is one, how wide it is, and printing to it."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from migrator.model import PlanWarning


def on_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int | None:
    """Return the width of the terminal, or None if output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def drop_output() -> None:
    """Discard what is still in Python's buffers for a stream that can't be written to."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def echo_lines(lines: Iterable[str], *, err: bool = False, raw: bool = False) -> None:
    """Print lines; `raw` lines are data, whose escape sequences are kept as they are."""
    for line in lines:
        click.echo(line, err=err, color=True if raw else None)


def echo_warnings(warnings: Iterable[PlanWarning]) -> None:
    """Print warnings on standard error, each on one line if that is no terminal."""
    from migrator.reporting.warning_text import warning_lines

    echo_lines(warning_lines(warnings, shutil.get_terminal_size().columns if sys.stderr.isatty() else None), err=True)


def echo_rows(rows: Iterable[Mapping[str, Any]], form: str, columns: Mapping[str, Callable[[Any], str]]) -> None:
    """Print rows in one of the formats of `--format`."""
    from migrator.reporting.rows import rows_text

    echo_lines(rows_text(rows, form, columns, width()), raw=form != "table")


def echo_json(value: Any) -> None:
    """Print one JSON document."""
    from migrator.text import json_text

    click.echo(json_text(value, indent=2))


def search_bar() -> AbstractContextManager[Callable[[int], None]]:
    """Show how many directories a search has looked at."""
    return progress_bar(desc="Searching", unit=" directories", delay=0.5)


@contextmanager
def progress_bar(**options: Any) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal; yield the function that advances it by a number."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(leave=False, **options) as bar:

        def advance(number: int) -> None:
            bar.update(number)

        yield advance
