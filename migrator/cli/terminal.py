"""What a command works on: the database that was meant, and the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from migrator.operations.context import CommandContext


def database(values: dict[str, Any]) -> Path:
    """Find the database; where several could be meant, say which was taken."""
    from migrator.store.location import locate

    location = locate(said("db", values), said("channel", values))
    if location.others:
        others = ", ".join(str(path) for path in location.others)
        click.echo(f"Taking {location.path}; there is also {others} (--db or --channel).", err=True)
    return location.path


def only_database(values: dict[str, Any]) -> Path | None:
    """Return the database that --db or --channel names; None where runs of every database are meant."""
    return database(values) if (said("db", values), said("channel", values)) != (None, None) else None


def workbench(values: dict[str, Any]) -> CommandContext:
    """Open the database that was meant, for reading; --wait holds for that too."""
    from migrator.errors import DatabaseInUse
    from migrator.operations.context import CommandContext
    from migrator.store.connection import BUSY_SECONDS
    from migrator.store.open_by import in_use_error

    path = database(values)
    try:
        return CommandContext(path, said("home", values), max(values.get("wait") or 0.0, BUSY_SECONDS))
    except DatabaseInUse as error:
        raise in_use_error(path, error.holders, can_wait="wait" in values) from None


def said(name: str, values: dict[str, Any]) -> Any:
    """Return the value of one of `database_options`, given before or after the command's name."""
    context = click.get_current_context().find_root()
    value = values.get(name)
    return (context.obj or {}).get(name) if value is None else value


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
