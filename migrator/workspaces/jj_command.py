"""What the `jj` program says of the workspaces of a repository, where there is one on PATH.

It knows what its files alone may not: names of workspaces that are older than the index, and how a newer jj keeps
all this. Its absence or failure is no error.
"""

from __future__ import annotations

import os
import subprocess

from migrator.workspaces.jj import plain_name

_SECONDS = 10.0
# `root()` is there since 0.40; before, only names are to be had. For a workspace without a recorded path it is an
# error, which the template prints into the line.
_WITH_ROOTS = r'name ++ "\0" ++ root() ++ "\n\0"'
_NAMES = r'name ++ "\0\n\0"'


def listed(root: str) -> dict[str, str | None] | None:
    """Map the name of each workspace that jj lists at `root` to its real path; None where jj doesn't say.

    No working copy is snapshotted and no operation is made.
    """
    for template in (_WITH_ROOTS, _NAMES):
        out = _jj(root, "workspace", "list", "--template", template)
        if out is not None:
            entries = (entry.partition("\0") for entry in out.split("\n\0") if entry)
            return {plain_name(name): _path(path) for name, _, path in entries}
    return None


def _path(said: str) -> str | None:
    return os.path.realpath(said) if os.path.isabs(said) else None


def _jj(root: str, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ("jj", *words, "--ignore-working-copy", "--color=never", "--no-pager", "--repository", root),
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else os.fsdecode(done.stdout)
