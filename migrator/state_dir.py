"""Where we keep what is ours: never in opencode's directories."""

from __future__ import annotations

import os
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
