"""Colours of our own, which survive the cleaning of what is printed; those in other people's text don't."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Any

import click

from migrator.text import printable

SHOWS_ALL: ContextVar[str] = ContextVar("shows_all", default="--verbose shows all")
"""What is said where a text leaves something out; a face without options sets another."""

_ESCAPE = "\x1b"
_OURS = f"{_ESCAPE}{os.urandom(8).hex()}"
"""What begins each colour in a line until it is printed. It is new in each process, so that no text can forge it."""


def styled(text: str, **how: Any) -> str:
    """Return text in a colour or bold, as `click.style` does, for a line that goes through `cleaned_line`."""
    return click.style(printable(text), **how).replace(_ESCAPE, _OURS)


def cleaned_line(line: str) -> str:
    """Return one line as it may be printed: everything in it `printable`, but for what `styled` put there."""
    if _OURS not in line:
        return printable(line)
    first, *rest = line.split(_OURS)
    codes = (part.partition("m") for part in rest)
    return printable(first) + "".join(f"{_ESCAPE}{code}{m}{printable(text)}" for code, m, text in codes)
