"""Files of others that name a folder: the desktop app's own state, and opencode's configuration. Only read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LARGEST = 64 * 1024 * 1024


def files_that_name(folders: Iterable[str], home: str) -> list[str]:
    """Return the files in which one of these folders, or something below it, is named."""
    names = "|".join(re.escape(folder) for folder in folders)
    named = re.compile(rf"(?:{names})(?=[/\"'\\\s,\]}}]|\Z)".encode())
    return [str(path) for path in _files(home) if _holds(path, named)]


def _files(home: str) -> Iterator[Path]:
    """Yield them: `opencode.global.dat` and its like are where Electron, and Tauri before it, keep an app's data."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path(home, ".config"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    for base in (config, data, Path(home, "Library", "Application Support")):
        yield from sorted(base.glob("ai.opencode.desktop*/*.dat"))
    for name in ("opencode.json", "opencode.jsonc", "config.json"):
        yield config / "opencode" / name


def _holds(path: Path, named: re.Pattern[bytes]) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _LARGEST and named.search(path.read_bytes()) is not None
    except OSError:
        return False
