"""What is in a plain file, told by its digest."""

from __future__ import annotations

import hashlib
import os
import stat

from migrator.disk.status import is_there
from migrator.errors import MigratorError


def digest_of(path: str) -> str | None:
    """Return the SHA-256 of a file's content; None if it isn't there or is no plain file. Raises MigratorError."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        if not is_there(path):
            return None
        raise MigratorError(f"{path} can't be read ({error.strerror or error}).") from error
