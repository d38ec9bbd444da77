"""Cursors as clients see them: opaque, or a plain number of milliseconds as in opencode's proposal."""

from __future__ import annotations

import base64
import binascii
import re

from migrator.errors import BadInput
from migrator.store.paging import Cursor


def write_cursor(cursor: Cursor) -> str:
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
        padded = text + "=" * (-len(text) % 4)
        return Cursor.parse(base64.b64decode(padded, b"-_", validate=True).decode())
    except (BadInput, binascii.Error, ValueError):
        raise BadInput(
            f"{text[:80]!r} is no cursor; take the one in the header x-next-cursor of the page before."
        ) from None
