"""What the `jj` program says about the workspaces of a repository, if it is on PATH.

It may know more than we read in its files: names of workspaces that are older than the index, and the format of a newer
jj. It is no error if it is missing or fails.
"""

from __future__ import annotations

import os

from migrator.errors import CantTell
from migrator.places import programs
from migrator.places.small_files import real_path
from migrator.workspaces.jj import unquote_name

_PATIENCE = programs.Patience(10, 1 << 24)
# `root()` exists since 0.40; an older jj prints only names. For a workspace without a recorded path it is an error,
# which the template prints into the line.
_WITH_ROOTS = r'name ++ "\0" ++ root() ++ "\n\0"'
_NAMES = r'name ++ "\0\n\0"'


def list_workspaces(root: str) -> dict[str, str | None] | None:
    """Map the name of each workspace that jj lists at `root` to its real path; None if jj doesn't say.

    This snapshots no working copy and makes no operation.
    """
    for template in (_WITH_ROOTS, _NAMES):
        out = _jj(root, "workspace", "list", "--template", template)
        if out is not None:
            entries = (entry.partition("\0") for entry in out.split("\n\0") if entry)
            return {unquote_name(name): real_path(path) if os.path.isabs(path) else None for name, _, path in entries}
    return None


def _jj(root: str, *words: str) -> str | None:
    try:
        command = ("jj", *words, "--ignore-working-copy", "--color=never", "--no-pager", "--repository", root)
        done = programs.run(programs.Command(f"jj in {root}", command, os.environ, root), _PATIENCE)
    except (OSError, CantTell):
        return None
    return None if done.returncode else os.fsdecode(done.stdout)
