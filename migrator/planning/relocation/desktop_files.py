"""Files that may name a folder: the state of opencode's desktop app, and opencode's configuration. Only read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.paths import beginnings
from migrator.places.small_files import read_small

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LARGEST = 64 * 1024 * 1024


def files_that_name(folders: Iterable[str], home: str) -> list[str]:
    """Return the files that name one of these folders, or something below it."""
    spelled = {each for folder in folders for each in beginnings(folder)}
    names = "|".join(re.escape(each) for name in spelled for each in {name, name.replace("\\", "\\\\")})
    pattern = re.compile(rf"(?:{names})(?=[/\"'\\\s,\]}}]|\Z)".encode())
    return [str(path) for path in _files(home) if _matches(path, pattern)]


def _files(home: str) -> Iterator[Path]:
    """Yield the files to search: Electron, and Tauri before it, keep an app's data in `opencode.global.dat` etc."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path(home, ".config"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path(home, ".local", "share"))
    for base in (config, data, Path(home, "Library", "Application Support")):
        yield from sorted(base.glob("ai.opencode.desktop*/*.dat"))
    for name in ("opencode.json", "opencode.jsonc", "config.json"):
        yield config / "opencode" / name


def _matches(path: Path, pattern: re.Pattern[bytes]) -> bool:
    return pattern.search(read_small(str(path), _LARGEST) or b"") is not None
