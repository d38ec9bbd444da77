"""A new snapshot repository, as opencode makes it before the first snapshot of a worktree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.disk import sync
from migrator.snapshots.alternates import write_alternates
from migrator.snapshots.git import git_path, run_git
from migrator.snapshots.temp_dirs import temporary_repository

if TYPE_CHECKING:
    from migrator.snapshots.route import SnapshotRoute

# What opencode 1.18.34 sets, in its order; 1.3.2 to 1.15.13 set the first four.
_CONFIG = (
    ("core.autocrlf", "false"),
    ("core.longpaths", "true"),
    ("core.symlinks", "true"),
    ("core.fsmonitor", "false"),
    ("feature.manyFiles", "true"),
    ("index.version", "4"),
    ("index.threads", "true"),
    ("core.untrackedCache", "true"),
)


def create(passage: SnapshotRoute) -> None:
    """Make a snapshot repository under another name and move it into place: opencode only asks whether it is there.

    It borrows the objects of the worktree's repository and begins with a copy of its index. That opencode 1.15.13 and
    older do neither is of no matter to them. Where its folder moves next, it is for where that will be.
    """
    path, worktree = Path(passage.target), passage.target_now
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_repository(path.parent) as folder:
        new = folder / "new"
        new.mkdir()
        run_git(str(new), "init", "--quiet", extra={"GIT_DIR": str(new), "GIT_WORK_TREE": worktree}, work_tree=worktree)
        for name, value in _CONFIG:
            run_git(str(new), "config", name, value)
        if passage.target_worktree != worktree:
            run_git(str(new), "config", "core.worktree", passage.target_worktree)
        (new / "objects" / "info").mkdir(exist_ok=True)
        write_alternates(str(new), passage.lenders)
        # opencode takes the main worktree's index for all of them. In another one it would then see main's files where
        # it hasn't looked itself, outside the session's directory, and write those on a redo.
        index = Path(git_path(worktree, "--git-path", "index"))
        if index.exists():
            shutil.copyfile(index, new / "index")
        for made in (*new.rglob("*"), new):
            if made.is_dir() or made.is_file():
                sync(made)
        try:
            new.rename(path)
        except OSError:
            if not path.exists():  # else somebody made it meanwhile, which serves as well
                raise
