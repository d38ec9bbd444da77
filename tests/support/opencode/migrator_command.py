"""`opencode-migrator` as a user types it, in the home of an opencode."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.opencode.opencode_1 import OpenCode

Outcome = subprocess.CompletedProcess[str]
Orphans = dict[str, dict[str, str]]
"""For each orphan's id the rules that find it, and how sure they are."""


def run_migrator(opencode: OpenCode, *arguments: str | Path, cwd: Path) -> Outcome:
    """Run it and take what it says; any exit code is fine."""
    program = Path(sys.executable).with_name("opencode-migrator")
    command = [str(program), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=opencode.environment(cwd),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answer(opencode: OpenCode, *arguments: str | Path, cwd: Path) -> Any:
    """Run it with `--json` and take the document; anything but success fails the test."""
    outcome = run_migrator(opencode, *arguments, "--json", cwd=cwd)
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def orphans(opencode: OpenCode, cwd: Path) -> Orphans:
    """What our rules find."""
    rows = answer(opencode, "orphans", cwd=cwd)
    return {row["id"]: {reason["rule"]: reason["certainty"] for reason in row["reasons"]} for row in rows}


def move(opencode: OpenCode, source: Path, destination: Path) -> str:
    """Move all sessions in and below `source`; gives the run, for `undo`."""
    run = answer(opencode, "move", "--from-dir", source, "--to-dir", destination, "--yes", cwd=source)
    assert run["status"] == "applied"
    return str(run["run"])


def undo(opencode: OpenCode, run: str, cwd: Path) -> None:
    """Take a run back."""
    taken_back = answer(opencode, "undo", run, "--yes", cwd=cwd)
    assert taken_back["status"] == "applied"
