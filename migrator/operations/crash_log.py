"""Unexpected errors: write the traceback to a file that a report can quote, and say so in one line."""

from __future__ import annotations

import platform
import sys
import traceback


def write_crash_log() -> str:
    """Write the exception that is being handled to a log of its own; return the sentence for the user."""
    from importlib.metadata import version

    from migrator.disk.ownership import make_directory, owner_of
    from migrator.state_dir import now_ms, state_directory, written_beside
    from migrator.text import printable

    kind, error, _ = sys.exc_info()
    log = state_directory() / f"crash-{now_ms()}.log"
    try:
        owner = make_directory(log.parent, owner_of(log), 0o700)
        ours, python = version("opencode-migrator"), platform.python_version()
        versions = f"opencode-migrator {ours}, Python {python}, {platform.platform()}"
        lines = [versions, str(sys.argv), "", *traceback.format_exc().split("\n")]
        with written_beside(log, 0o600, owner) as new:
            new.write_text("\n".join(map(printable, lines)), "utf-8")  # somebody will show it on a terminal
        where = f"please report it with {log}"
    except OSError as unwritable:
        where = f"and {log} can't be written ({unwritable.strerror})"
    return f"Something unexpected went wrong ({getattr(kind, '__name__', '?')}: {error}); {where}"
