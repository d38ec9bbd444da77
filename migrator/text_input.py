"""Text that a person hands over in a file or on standard input: session ids, maps of folders, patterns, plans."""

from __future__ import annotations

import sys
from pathlib import Path


def read_text(name: str) -> str:
    """Return the text of a file, or of standard input if `name` is "-".

    It is UTF-8, wherever it comes from; the byte order mark that programs on Windows put in front is no part of it.
    Raises OSError, or UnicodeDecodeError if it is no UTF-8 text.
    """
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return data.decode("utf-8-sig")


def read_lines(name: str) -> list[str]:
    """Return the lines of such a text, which may end as on Windows."""
    return [line.removesuffix("\r") for line in read_text(name).split("\n")]


def why_no_text(error: OSError | ValueError) -> str:
    """Return in words why a text can't be read: `error` is what reading it raised."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else "is no UTF-8 text"
