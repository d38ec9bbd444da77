"""Another process that has the database open, as a running opencode would."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CODE = """
import select, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
if sys.argv[2] == "locked":
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
print("open", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[3]))
"""


@contextmanager
def held_open(database: Path, how: str = "idle", seconds: float = 600) -> Iterator[int]:
    """Keep `database` open, or "locked", in another process for some time at most; yields its pid."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, str(database), how, str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process.pid
    finally:
        process.communicate()
