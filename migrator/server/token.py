"""The token: made at every start, and written to a file that only its owner can read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "ocm_"
"""Every token begins with this, which tells a token file from any other."""


def make() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def remove(token: str, file: Path) -> None:
    """Delete the file when the server ends, unless another server has written its token there by now."""
    try:
        if file.read_text(encoding="ascii").strip() == token:
            file.unlink()
    except (OSError, ValueError):
        return
