"""Unpacking archives, whichever Python 3.11 it is."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def unpack(archive: tarfile.TarFile, at: Path) -> None:
    """Unpack an archive that we trust; Python has the filter against members that lead out of `at` from 3.11.4 on."""
    filtered: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    archive.extractall(at, **filtered)
