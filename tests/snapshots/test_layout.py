"""Where opencode keeps the snapshots of a worktree: by a name that it makes of the path as it has it."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path

from migrator.snapshots.repositories.layout import Layout


def test_a_worktree_on_windows_has_backslashes_there_however_it_is_stored() -> None:
    r"""opencode 1.18.32 for Windows reads `/` from its rows as `\`, and so git's answers (read in its program)."""
    layout = Layout(Path("/data/snapshot"), by_worktree=True)
    name = sha1(rb"C:\src\shop").hexdigest()
    assert layout.git_dir("p", "C:/src/shop") == layout.git_dir("p", r"C:\src\shop") == f"/data/snapshot/p/{name}"
