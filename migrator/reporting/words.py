"""Small things that every text needs: plurals, short paths, short lines, times."""

from __future__ import annotations

import os
from datetime import datetime


def count(number: int, noun: str) -> str:
    """Return `1 session`, `3,000 sessions`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def tilde(directory: str) -> str:
    """Write the home directory as `~`."""
    home = os.path.expanduser("~")  # noqa: PTH111 - a string, as the database stores directories
    inside = home != "/" and (directory == home or directory.startswith(home + "/"))
    return "~" + directory[len(home) :] if inside else directory


def shortened(text: str, width: int) -> str:
    """Cut a text to one line of at most `width` characters."""
    line = " ".join(text.split()) if "\n" in text else text
    return line if len(line) <= width else line[: max(width - 1, 1)] + "…"


def when(milliseconds: int) -> str:
    """Return a time as people read it, in the local time zone."""
    return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
