"""Text that a person hands over in a file or on standard input: session ids, maps of folders, patterns, plans."""

from __future__ import annotations

import os

from migrator.disk.bounded import read_given
from migrator.text import lines_of

PLAN_LIMIT = 1 << 29
"""512 MB, which is a plan for some hundred thousand sessions."""
_LIST_LIMIT = 1 << 26
"""64 MB, which are a million lines."""


def read_text(name: str, limit: int = _LIST_LIMIT) -> str:
    """Return the text of a file or pipe, or of standard input if `name` is "-", of at most `limit` bytes.

    A leading `~` is the home directory, as in every path that a person gives us. The text is UTF-8, wherever it comes
    from; the byte order mark that programs on Windows put in front is no part of it. Raises OSError, or
    UnicodeDecodeError if it is no UTF-8 text: neither is one with NULs, as UTF-16 has them.
    """
    data = read_given(os.path.expanduser(name), limit)
    if (nul := data.find(b"\0")) >= 0:
        raise UnicodeDecodeError("utf-8", data[nul : nul + 1], 0, 1, "a NUL")
    return data.decode("utf-8-sig")


def read_lines(name: str) -> list[str]:
    """Return the lines of such a text."""
    return lines_of(read_text(name))


def why_no_text(error: OSError | ValueError) -> str:
    """Return in words why a text can't be read: `error` is what reading it raised."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text, so save it as UTF-8"
