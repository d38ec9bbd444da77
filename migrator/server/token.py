"""The token: made at every start, and written to a file that only its owner can read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from migrator.disk.bounded import read_file

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "ocm_"
"""Every token begins with this, which tells a token file from any other."""
_LIMIT = 64


def make() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def remove(token: str, file: Path) -> None:
    """Delete the file when the server ends, unless another server has written its token there by now."""
    try:
        if read_file(file, _LIMIT).strip() == token.encode():
            file.unlink()
    except OSError:
        return
