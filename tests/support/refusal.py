"""A command that is refused, looked at as its user does: one sentence, an exit code, nothing changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.forked import Finished
    from tests.support.home import Home

STEP = re.compile(r"To [^\n]+:\n  [^\n]*opencode-migrator [^\n]+\n\Z")
WARNING = re.compile(r"^warning: .*\n(?: +.*\n)*", re.MULTILINE)


def sentence(finished: Finished, code: int) -> str:
    """Return the one sentence that a command which failed with `code` says, beside warnings of its plan.

    Below it, a command that may follow can stand.
    """
    assert finished.code == code, (finished.code, finished.stdout, finished.stderr)
    said = WARNING.sub("", finished.stderr)
    match = re.fullmatch(r"error: (\S.+)\n", STEP.sub("", said))
    assert match, finished.stderr
    return match[1]


def refused(home: Home, *words: str | Path, code: int = 1, cwd: Path | None = None, stdin: str | None = None) -> str:
    """Run a command that must be refused before it prints a result or writes anything; return what it said."""
    before = files(home)
    finished = home.run(*words, cwd=cwd, stdin=stdin)
    said = sentence(finished, code)
    assert finished.stdout in {"", "Plan: 17 sessions (3 of subagents) to move.\n"}
    assert files(home) == before
    assert not list(home.state.glob("runs/*.db"))
    return said


def files(home: Home) -> dict[str, bytes | None]:
    """Return what is in the data directory, byte for byte, except what SQLite itself makes of a read."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(home.database.parent.rglob("*"))
        if not path.name.endswith(("-shm", "-wal")) or (path.name.endswith("-wal") and path.stat().st_size)
    }


def refused_as_planned(home: Home, *words: str | Path, code: int) -> str:
    """Run a command with --dry-run and with --yes, which is to be refused with this code; return what both said."""
    before = home.everything()
    shown, done = home.run(*words, "--dry-run"), home.run(*words, "--yes")
    assert (shown.code, done.code) == (code, code), (shown, done)
    assert shown.stdout == ""
    assert WARNING.sub("", shown.stderr) == WARNING.sub("", done.stderr)
    assert home.everything() == before
    return shown.stderr
