"""The real opencode as a user to whom file permissions apply, whoever runs the tests."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.opencode.opencode_1 import OpenCode

_SCRIPT = """\
#!{python}
import os, sys
sys.path.insert(0, {project!r})
from tests.support.unprivileged import give_up_root_powers
give_up_root_powers()
os.execv({binary!r}, ["opencode", *sys.argv[1:]])
"""


def unprivileged(opencode: OpenCode, at: Path) -> OpenCode:
    """Return the same installation, started by a script in `at` that gives up root's powers first."""
    script = at / "unprivileged-opencode"
    project = str(Path(__file__).parents[3])
    script.write_text(_SCRIPT.format(python=sys.executable, project=project, binary=str(opencode.binary)))
    script.chmod(0o755)
    return replace(opencode, binary=script)
