"""Git's indexes name files by their inodes. Tests that copy a home and put it back make all of them new: mend that."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.git import git

if TYPE_CHECKING:
    from pathlib import Path


def refresh_indexes(root: Path) -> None:
    """Let every index below `root`, of checkouts and of snapshots, name the files that are there, where they are equal.

    So does opencode for its snapshots with the next turn, and git for a checkout with the next `git status`.
    """
    for config in root.rglob("snapshot/**/config"):
        here = ("--git-dir", config.parent, "--work-tree", config.parent)  # the worktree may be gone
        listed = git(config.parent, *here, "ls-files", "-z").split("\0")
        worktree = root / git(root, "config", "--file", config, "--default", "", "core.worktree")
        folders = [worktree] if worktree.is_dir() else sorted(worktree.parent.glob("*/"))
        for folder in folders:
            if any((folder / name).is_file() for name in listed if name):
                _refresh(folder, "--git-dir", str(config.parent), "--work-tree", str(folder))
                break
    for marker in root.rglob(".git"):
        _refresh(marker.parent)


def _refresh(directory: Path, *options: str) -> None:
    """Git exits with 1 where a file has changed since, and with 128 where a repository is damaged on purpose."""
    command = ["git", *options, "update-index", "-q", "--really-refresh"]
    subprocess.run(command, cwd=directory, capture_output=True, check=False)
