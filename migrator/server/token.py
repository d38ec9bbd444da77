"""The token: made at every start, and written to a file that only its owner can read."""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING

from migrator.disk.ownership import make_directory, owner_of
from migrator.errors import BadInput, MigratorError
from migrator.state_dir import write_whole

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "ocm_"
"""Every token begins with this, which tells a token file from any other."""


def make() -> str:
    """Return a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def write(token: str, file: Path, database: Path) -> None:
    """Write the token file, whole or not at all, readable for the owner of the database only.

    Never replace a file of another kind.
    """
    if not file.name:
        raise BadInput("--token-file names no file; name one, or leave it out.")
    try:
        owner = make_directory(file.parent, owner_of(database), 0o700)
        if os.path.lexists(file) and not _is_ours(file):
            raise MigratorError(f"{file} exists and is no token file; name another with --token-file FILE.")
        write_whole(file, token + "\n", 0o600, owner)
    except OSError as error:
        raise MigratorError(
            f"The token can't be written to {file} ({error.strerror}); name another file with --token-file FILE."
        ) from error


def _is_ours(file: Path) -> bool:
    """Tell whether a file holds a token and nothing else."""
    if not file.is_file() or file.is_symlink():
        return False
    with file.open("rb") as some:
        return re.fullmatch(rb"ocm_[A-Za-z0-9_-]{43}\n", some.read(64)) is not None


def remove(token: str, file: Path) -> None:
    """Delete the file when the server ends, unless another server has written its token there by now."""
    try:
        if file.read_text(encoding="ascii").strip() == token:
            file.unlink()
    except (OSError, ValueError):
        return
