"""Text for people: plurals, short lists, short paths, short lines, times, JSON."""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError
from migrator.paths import is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def count(number: int, noun: str, several: str = "") -> str:
    """Return `1 session`, `3,000 sessions`; `several` is the plural of a noun that takes more than an s."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def and_more(number: int, noun: str = "", several: str = "") -> str:
    """Return ` and 3 more` or, with a noun, ` and 3 more sessions`; "" if there are no more."""
    if number <= 0:
        return ""
    return f" and {count(number, f'more {noun}', several and f'more {several}')}" if noun else f" and {number:,} more"


def first_few(names: Sequence[str], number: int) -> str:
    """Return `a, b and 3 more`: the first `number` names, and how many others there are."""
    return ", ".join(names[:number]) + and_more(len(names) - number)


def as_many_as_fit(names: Iterable[str], total: int, width: int) -> str:
    """Return `a, b and 3 more`: the first of `total` names, and those that fit into `width` columns with it."""
    shown: list[str] = []
    for name in names:
        if shown and cells(", ".join([*shown, name])) + len(" and 99,999 more") > width:
            break
        shown.append(name)
    return ", ".join(shown) + and_more(total - len(shown))


def whole_id(text: str, ids: Iterable[str], of: str) -> str | None:
    """Return the id that `text` is, or else the only one that starts with it; None if there is none.

    Raises MigratorError if several start with it; `of` is the plural of what they are the ids of.
    """
    found = sorted(id_ for id_ in ids if text and id_.startswith(text))
    if text in found:
        return text
    if len(found) > 1:
        raise MigratorError(
            f"several {of} have an id that starts with {text}, give more of the id: {first_few(found, 10)}"
        )
    return found[0] if found else None


def tilde(directory: str) -> str:
    """Write the home directory as `~`."""
    home = os.path.expanduser("~")
    inside = home != "/" and is_within(directory, home)
    return "~" + directory[len(home) :] if inside else directory


def one_line(text: str) -> str:
    """Return text on one line, without the characters that act on a terminal: anybody may have typed it."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(" " if char.isspace() else "" if _is_control(char) else char for char in text)
    return " ".join(shown.split()) if any(char.isspace() and char != " " for char in text) else shown


def _is_control(char: str) -> bool:
    """Tell whether a character acts on the terminal instead of being shown: also the direction of writing."""
    return (
        unicodedata.category(char) in {"Cc", "Cs"}
        or char in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def cells(text: str) -> int:
    """Count the columns that a text takes on a terminal: East Asian characters and emoji two, accents none."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def shortened(text: str, width: int) -> str:
    """Cut a text to one line of at most `width` columns."""
    line = one_line(text)
    return line if cells(line) <= width else _head(line, max(width - 1, 1)) + "…"


def shortened_path(path: str, width: int) -> str:
    """Cut a path to at most `width` columns from the left: its end tells more."""
    line = one_line(path)
    return line if cells(line) <= width else "…" + _head(line[::-1], max(width - 1, 1))[::-1]


def _head(line: str, width: int) -> str:
    end = min(len(line), 4 * width)  # a title may be as long as a book
    while cells(line[:end]) > width:
        end -= 1
    return line[:end]


def local_time(milliseconds: int) -> str:
    """Return a time as people read it, in the local time zone; the stored value if it is no time of any calendar."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    except (TypeError, ValueError, OverflowError, OSError):  # somebody's UPDATE may have left text
        return str(milliseconds)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON for people to read; all but ASCII is escaped if some text is no valid Unicode, as half an emoji."""
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text
