"""Cursors as clients see them: opaque, or a plain number of milliseconds as in opencode's proposal."""

from __future__ import annotations

import base64
import binascii
import re

from migrator.errors import BadInput
from migrator.store.paging import Cursor


def write_cursor(cursor: Cursor) -> str:
    """Return a cursor as the header `x-next-cursor` has it: base64url, which never looks like a number."""
    return base64.urlsafe_b64encode(str(cursor).encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Read a cursor. BadInput where it is none.

    A number is the time of the last row of a page, and goes on with what is older than that: rows of that same
    millisecond which the page before left out are lost, which is why we never hand one out.
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
