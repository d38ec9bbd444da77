"""Printing: whether there is a terminal, how wide it is, and what may go there. Nothing is printed anywhere else."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.terminal.progress_line import ProgressLine
from migrator.text import cells, printable, without_long_values, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.cli.terminal.pager import Pager
    from migrator.model import PlanWarning


def on_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int | None:
    """Return the width of the terminal, or None if output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def height() -> int:
    """Return how many lines the terminal has."""
    return shutil.get_terminal_size().lines


def drop_output() -> None:
    """Discard what is still in Python's buffers for a stream that can't be written to."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(*lines: str, err: bool = False) -> None:
    """Print what a person should know and nobody asked for: how it went, what to do next. --quiet leaves it out."""
    if not _Output.quiet:
        echo_lines(lines, err=err)


def echo_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print what was asked for, in lines for people; on standard error (`err`), notes, which --quiet leaves out.

    They are escaped but for our own colours: no text controls a terminal or adds a line.
    """
    from migrator.reporting.style import cleaned_line

    if err and _Output.quiet:
        return
    for line in lines:
        _echo(cleaned_line(line), err)


class _Output:
    """How this process prints: what --color, --no-pager and --quiet say, and the pager that is open."""

    color = "auto"
    pages = True
    quiet = False
    pager: Pager | None = None


def _is_free() -> bool:
    """Tell whether something may be drawn that nobody asked for."""
    return not (_Output.quiet or (_Output.pager and _Output.pager.is_running))


progress_line = ProgressLine(_is_free)


def use_color(choice: str) -> None:
    """Print in colour `always`, `never`, or as `color` decides (`auto`)."""
    _Output.color = choice


def use_no_pager() -> None:
    """Start no pager."""
    _Output.pages = False


def use_quiet() -> None:
    """Print errors and what was asked for, and nothing else."""
    _Output.quiet = True


@contextmanager
def aloud() -> Iterator[None]:
    """Print everything meanwhile: it belongs to a question, and somebody is there."""
    was_quiet, _Output.quiet = _Output.quiet, False
    try:
        yield
    finally:
        _Output.quiet = was_quiet


def color() -> bool | None:
    """Return whether to print in colour; None: on a terminal only."""
    if _Output.color != "auto":
        return _Output.color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def _echo(line: str, err: bool = False) -> None:
    """Print a line; while a pager is open, there, but for what doesn't go to the terminal."""
    pager = _Output.pager
    if pager is None or not (sys.stderr if err else sys.stdout).isatty():
        _echo_at_once(line, err)
        return
    plain = click.unstyle(line)
    rows = sum(max(1, -(-cells(part) // shutil.get_terminal_size().columns)) for part in plain.split("\n"))
    with progress_line.paused():
        pager.write(plain if color() is False else line, rows, err=err)


def _echo_at_once(line: str, err: bool) -> None:
    with progress_line.paused():
        click.echo(line, err=err, color=color())


@contextmanager
def paged() -> Iterator[None]:
    """Hand what is printed meanwhile to a pager, if it goes to a terminal and is longer than that.

    Nothing may be asked meanwhile.
    """
    if _Output.pager or not (_Output.pages and sys.stdin.isatty() and sys.stdout.isatty()):
        yield
        return
    from migrator.cli.terminal.pager import Pager, pager_words

    if not (words := pager_words()):
        yield
        return
    _Output.pager = pager = Pager(words, _echo_at_once)
    try:
        yield
    finally:
        _Output.pager = None
        pager.close()


def echo_script(text: str) -> None:
    """Print text of our own that a program reads, as it is."""
    click.echo(text)


def echo_error(message: str) -> None:
    """Print the sentence that a command ends with."""
    from migrator.reporting.style import cleaned_line, styled

    first, *rest = as_prose(f"error: {without_long_values(message)}")
    try:
        for line in (first.replace("error:", styled("error:", fg="red"), 1), *rest):
            _echo(cleaned_line(line), err=True)
    except OSError:  # the terminal was closed
        drop_output()


def note(*sentences: str) -> None:
    """Print sentences that a person should know on standard error, as `say` does, in lines that fit."""
    for sentence in sentences:
        say(*as_prose(sentence), err=True)


def as_prose(text: str) -> list[str]:
    """Return text for standard error in lines that fit, if that is a terminal; else on one line."""
    return wrapped(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else [printable(text)]


def echo_warnings(warnings: Iterable[PlanWarning]) -> None:
    """Print warnings on standard error, each on one line if that is no terminal."""
    from migrator.reporting.warning_text import warning_lines

    echo_lines(warning_lines(warnings, shutil.get_terminal_size().columns if sys.stderr.isatty() else None), err=True)


def echo_json(value: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document."""
    from migrator.text import json_text

    echo_json_lines([json_text(value, indent=indent)])


def echo_json_lines(texts: Iterable[str]) -> None:
    """Print JSON. What a terminal would obey is escaped, and everything but ASCII where output isn't in UTF-8."""
    from migrator.text import printable_json

    ascii_only = sys.stdout.encoding.lower() != "utf-8"
    for text in texts:
        _echo(printable_json(text, ascii_only=ascii_only))
