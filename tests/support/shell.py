"""The command that a text tells somebody to run, typed into a shell as they would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.forked import Finished

if TYPE_CHECKING:
    from tests.support.home import Home


def printed_command(text: str) -> str:
    """Return the one command that a text says applies what it shows."""
    ((_, command),) = re.findall(r"To apply:\s+(`?)(opencode-migrator .+?)\1\.?$", text, re.MULTILINE)
    assert isinstance(command, str)
    return command


def run_in_shell(
    home: Home, line: str, *, cwd: Path | None = None, stdin: str = "", shell: str = "/bin/sh"
) -> Finished:
    """Run a line in a shell."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [shell, "-c", line],
        cwd=cwd or home.path,
        env={**home.env(), "PATH": path},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
