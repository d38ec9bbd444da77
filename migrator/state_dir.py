"""Where we keep what is ours, never in opencode's directories, and how it outlives a power cut."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path


def state_directory() -> Path:
    """Return our directory below XDG_STATE_HOME (default ~/.local/state).

    A relative one counts as unset, as the XDG specification has it: a run could be taken back from one directory only.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):
        base = str(Path("~/.local/state").expanduser())
    return Path(base) / "opencode-migrator"


def runs_directory() -> Path:
    """Return the directory of the journals, one SQLite file for each run."""
    return state_directory() / "runs"


def sync(path: Path) -> None:
    """Wait until a file's content, or a directory's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Write a file whole or not at all: under another name, which then replaces `path`."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w", encoding="utf-8") as out:
            out.write(text)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink()


def now_ms() -> int:
    """Return the time in milliseconds since 1970, as our files and opencode's rows hold it."""
    return time.time_ns() // 1_000_000
