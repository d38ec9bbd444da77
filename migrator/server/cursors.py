"""Cursors as clients see them: opaque, or a plain number of milliseconds as in opencode's proposal."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from migrator.errors import BadInput
from migrator.store.paging import Cursor, cursors

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_cursor(cursor: Cursor | str) -> str:
    """Return a cursor as in the header `x-next-cursor`: base64url, which never looks like a number."""
    return base64.urlsafe_b64encode(str(cursor).encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Read a cursor. Raises BadInput if the text isn't one.

    A number is the time of the last row of a page; the next page has what is older. It skips rows of that same
    millisecond that were not on the page, so we never give out such a cursor.
    """
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        return Cursor(int(text), "")
    try:
        return Cursor.parse(_decoded(text))
    except BadInput:
        raise _no_cursor(text) from None


def read_cursors(text: str, labels: Iterable[str]) -> dict[str, Cursor | None]:
    """Read the cursor of a list of several databases, see `store.paging.cursors`. Raises BadInput if it isn't one."""
    try:
        return cursors(text and _decoded(text), labels)
    except BadInput:
        raise _no_cursor(text) from None


def _decoded(text: str) -> str:
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _no_cursor(text) from None


def _no_cursor(text: str) -> BadInput:
    return BadInput(f"{text[:80]!r} is no cursor; take the one in the header x-next-cursor of the page before.")
